const REFERENCE =
  /^(?<name>[a-zA-Z0-9.-]+(?::\d+(?=\/))?(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,}))?$/;

/** An image reference taken apart. The name is short: `nginx`, not `docker.io/library/nginx`. */
export interface ImageReference {
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

const HUB = /^(?:index\.)?docker\.io\/(?:library\/(?=[^/]+$))?/;

/** Parses a reference; undefined when it is none (upper case, or an image id). */
export const parseImage = (text: string): ImageReference | undefined => {
  const groups = REFERENCE.exec(text)?.groups;
  const name = groups?.["name"];
  if (name === undefined || /^[0-9a-f]{64}$/.test(text)) return undefined;
  const [first = "", ...path] = name.split("/");
  const isDomain = path.length > 0 && /[.:]|^localhost$/.test(first);
  if (!isDomain && !/^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/.test(first)) return undefined;
  const { tag, digest } = groups ?? {};
  return {
    name: name.replace(HUB, ""),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
};

/** The text of a reference. */
export const formatImage = ({ name, tag, digest }: ImageReference): string =>
  name + (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);

/** How tables show an image: without its digest when it has a tag. */
export const displayImage = (text: string): string => {
  const image = parseImage(text);
  return image?.tag === undefined ? text : formatImage({ name: image.name, tag: image.tag });
};

/** The registry whose credentials an image needs, as Docker's configuration names it. */
export const registryOf = (text: string): string => {
  const [first = "", ...path] = (parseImage(text)?.name ?? text).split("/");
  return path.length > 0 && /[.:]|^localhost$/.test(first) ? first : "https://index.docker.io/v1/";
};
