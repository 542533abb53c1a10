import { resolve } from "node:path";
import type { Mount } from "@skein/wire";
import { cut, parseCsv } from "./csv.ts";
import { parseBoolean, parseBytes, parseUnsigned } from "./numbers.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A mount while its fields are read. Families are made when one of their options is seen. */
interface Draft {
  readonly mount: Mutable<Mount>;
  readonly bind: Mutable<NonNullable<Mount["BindOptions"]>>;
  readonly volume: { NoCopy?: boolean; Subpath?: string };
  readonly labels: Record<string, string>;
  readonly driver: { Name?: string; Options?: Record<string, string> };
  readonly tmpfs: Mutable<NonNullable<Mount["TmpfsOptions"]>>;
  readonly image: Mutable<NonNullable<Mount["ImageOptions"]>>;
  /** Families of which an option was given. */
  readonly used: Set<string>;
}

const boolean = (key: string, value: string | undefined): boolean => {
  if (value === undefined) return true;
  try {
    return parseBoolean(value);
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
};

const setPair = (target: Record<string, string>, text: string): void => {
  const [key, value] = cut(text);
  if (key !== "") target[key] = value ?? "";
};

const wrongValue = (key: string, value: string): Error =>
  new Error(`invalid value for ${key}: ${value}`);

const attempt = <T>(key: string, value: string, parse: () => T): T => {
  try {
    return parse();
  } catch {
    throw wrongValue(key, value);
  }
};

const bindRecursive = ({ bind }: Draft, value: string): void => {
  if (value === "disabled") bind.NonRecursive = true;
  else if (value === "writable") bind.ReadOnlyNonRecursive = true;
  else if (value === "readonly") bind.ReadOnlyForceRecursive = true;
  else if (value !== "enabled")
    throw new Error(
      `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
    );
};

/** What each key does. `bare` keys may stand without a value. */
const KEYS: Readonly<Record<string, (draft: Draft, value: string, key: string) => void>> = {
  type: ({ mount }, value) => {
    mount.Type = value.toLowerCase() as NonNullable<Mount["Type"]>;
  },
  source: ({ mount }, value) => {
    mount.Source = value.startsWith(".") ? resolve(value) : value;
  },
  target: ({ mount }, value) => {
    mount.Target = value;
  },
  readonly: ({ mount }, value, key) => {
    mount.ReadOnly = boolean(key, value);
  },
  consistency: ({ mount }, value) => {
    mount.Consistency = value.toLowerCase();
  },
  "bind-propagation": ({ bind }, value) => {
    bind.Propagation = value.toLowerCase() as NonNullable<typeof bind.Propagation>;
  },
  "bind-nonrecursive": ({ bind }, value, key) => {
    bind.NonRecursive = boolean(key, value);
  },
  "bind-recursive": bindRecursive,
  "volume-subpath": ({ volume }, value) => {
    volume.Subpath = value;
  },
  "volume-nocopy": ({ volume }, value, key) => {
    volume.NoCopy = boolean(key, value);
  },
  "volume-label": ({ labels }, value) => {
    setPair(labels, value);
  },
  "volume-driver": ({ driver }, value) => {
    driver.Name = value;
  },
  "volume-opt": ({ driver }, value) => {
    driver.Options ??= {};
    setPair(driver.Options, value);
  },
  "image-subpath": ({ image }, value) => {
    image.Subpath = value;
  },
  "tmpfs-size": ({ tmpfs }, value, key) => {
    tmpfs.SizeBytes = attempt(key, value, () => parseBytes(value));
  },
  "tmpfs-mode": ({ tmpfs }, value, key) => {
    tmpfs.Mode = attempt(key, value, () => parseUnsigned(value, { base: 8, bits: 32 }));
  },
};

const ALIASES: Readonly<Record<string, string>> = {
  src: "source",
  dst: "target",
  destination: "target",
  ro: "readonly",
};

const BARE = new Set(["readonly", "volume-nocopy", "bind-nonrecursive"]);

const readField = (draft: Draft, field: string): void => {
  const [name, value] = cut(field);
  const typed = name.toLowerCase();
  const key = ALIASES[typed] ?? typed;
  const apply = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (value === undefined && !BARE.has(key))
    throw new Error(`invalid field '${field}' must be a key=value pair`);
  if (!apply) throw new Error(`unexpected key '${typed}' in '${field}'`);
  const family = /^(bind|volume|tmpfs|image)-/.exec(key)?.[1];
  if (family !== undefined) draft.used.add(family);
  apply(draft, value ?? "true", typed);
};

const assemble = ({ mount, bind, volume, labels, driver, tmpfs, image, used }: Draft): Mount => ({
  ...mount,
  ...(used.has("bind") ? { BindOptions: bind } : {}),
  ...(used.has("volume")
    ? { VolumeOptions: { ...volume, Labels: labels, DriverConfig: driver } }
    : {}),
  ...(used.has("tmpfs") ? { TmpfsOptions: tmpfs } : {}),
  ...(used.has("image") ? { ImageOptions: image } : {}),
});

const checkRecursion = ({ mount, bind }: Draft): void => {
  const mode = bind.ReadOnlyNonRecursive
    ? "writable"
    : bind.ReadOnlyForceRecursive
      ? "readonly"
      : undefined;
  if (mode === undefined) return;
  const option = `option 'bind-recursive=${mode}' requires`;
  if (mount.ReadOnly !== true)
    throw new Error(`${option} 'readonly' to be specified in conjunction`);
  if (mode === "readonly" && bind.Propagation !== "rprivate")
    throw new Error(`${option} 'bind-propagation=rprivate' to be specified in conjunction`);
};

/** A mount in CSV form, e.g. `type=bind,source=/a,target=/b,readonly`. */
export const parseMount = (text: string): Mount => {
  const draft: Draft = {
    mount: { Type: "volume" },
    bind: {},
    volume: {},
    labels: {},
    driver: {},
    tmpfs: {},
    image: {},
    used: new Set(),
  };
  for (const field of parseCsv(text)) readField(draft, field);
  const { mount, used } = draft;
  if (!mount.Type) throw new Error("type is required");
  if (!mount.Target) throw new Error("target is required");
  for (const family of ["volume", "image", "bind", "tmpfs"])
    if (used.has(family) && mount.Type !== family)
      throw new Error(`cannot mix '${family}-*' options with mount type '${mount.Type}'`);
  checkRecursion(draft);
  return assemble(draft);
};
