/**
 * The grammar of image references (distribution's `reference`): `[domain/]path[:tag][@digest]`. The
 * first part is a domain when it has a dot or a port, is `localhost`, or has an upper-case letter.
 */
const domainPart = "(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])";
const domain = String.raw`(?:${domainPart}(?:\.${domainPart})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?`;
const pathPart = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const tag = String.raw`[\w][\w.-]{0,127}`;
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}";

const reference = new RegExp(
  String.raw`^((?:${domain}/)?${pathPart}(?:/${pathPart})*)(?::(${tag}))?(?:@(${digest}))?$`,
);

/** Longest name without tag and digest. */
const MAX_NAME = 255;
const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const imageId = /^[a-f0-9]{64}$/;

const isKnownDigest = (text: string): boolean => {
  const [algorithm = "", hex = ""] = text.split(":");
  return digestLengths[algorithm] === hex.length && /^[a-f0-9]+$/.test(hex);
};

/** Docker Hub's names stand for longer ones: `nginx` for `docker.io/library/nginx`. */
const canonicalName = (name: string): string => {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isDomain = /[.:A-Z]/.test(first) || first === "localhost";
  if (isDomain) return name;
  return `docker.io/${slash < 0 ? "library/" : ""}${name}`;
};

/** Whether the text is an image reference that the engine would accept for pulling. */
export const isImageReference = (text: string): boolean => {
  if (imageId.test(text)) return false;
  const [, name, , digestText] = reference.exec(text) ?? [];
  if (name === undefined) return false;
  if (digestText !== undefined && !isKnownDigest(digestText)) return false;
  const canonical = canonicalName(name);
  const path = canonical.slice(canonical.indexOf("/") + 1);
  return path === path.toLowerCase() && canonical.length <= MAX_NAME;
};
