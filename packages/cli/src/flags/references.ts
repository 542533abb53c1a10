import { readFileSync } from "node:fs";
import type {
  ConfigReference,
  CredentialSpec,
  ExternalCA,
  FileTarget,
  NetworkAttachmentConfig,
  SecretReference,
} from "@skein/wire";
import { cut, parseCsv } from "./csv.ts";
import { parseUnsigned } from "./numbers.ts";

const mode = (value: string): number => {
  try {
    return parseUnsigned(value, { base: 0, bits: 32 });
  } catch (error) {
    throw new Error(`invalid mode specified: ${error instanceof Error ? error.message : ""}`, {
      cause: error,
    });
  }
};

/** A secret or config by name and the file it becomes. */
interface FileReference {
  readonly name: string;
  readonly file: FileTarget;
}

const fileReference = (text: string, kind: "secret" | "config"): FileReference => {
  const fields = parseCsv(text);
  const file = { Name: "", UID: "0", GID: "0", Mode: 0o444 };
  const [only = ""] = fields;
  if (fields.length === 1 && !only.includes("="))
    return { name: only, file: { ...file, Name: only } };
  let name = "";
  for (const field of fields) {
    const [key, value] = cut(field);
    if (value === undefined || key === "")
      throw new Error(`invalid field '${field}' must be a key=value pair`);
    const known = key.toLowerCase();
    if (known === "source" || known === "src") name = value;
    else if (known === "target") file.Name = value;
    else if (known === "uid") file.UID = value;
    else if (known === "gid") file.GID = value;
    else if (known === "mode") file.Mode = mode(value);
    else
      throw new Error(
        kind === "secret"
          ? `invalid field in secret request: ${key}`
          : `invalid field in config request: ${key}`,
      );
  }
  if (name === "") throw new Error("source is required");
  return { name, file: { ...file, Name: file.Name || name } };
};

/** `NAME` or `source=,target=,uid=,gid=,mode=`. The id is looked up later. */
export const parseSecret = (text: string): SecretReference => {
  const { name, file } = fileReference(text, "secret");
  return { File: file, SecretID: "", SecretName: name };
};

/** `NAME` or `source=,target=,uid=,gid=,mode=`. The id is looked up later. */
export const parseConfig = (text: string): ConfigReference => {
  const { name, file } = fileReference(text, "config");
  return { File: file, ConfigID: "", ConfigName: name };
};

const driverOption = (text: string): readonly [string, string] => {
  const [key, value] = cut(text);
  if (value === undefined || key === "")
    throw new Error("invalid key value pair format in driver options");
  return [key.trim(), value.trim()];
};

/** `NAME` or `name=,alias=,driver-opt=K=V`; keys and values are folded to lower case. */
export const parseNetwork = (text: string): NetworkAttachmentConfig => {
  if (!/\w+=\w+(,\w+=\w+)*/.test(text)) return { Target: text };
  let target = "";
  const aliases: string[] = [];
  const options: Record<string, string> = {};
  for (const field of parseCsv(text)) {
    const [name, raw] = cut(field.toLowerCase());
    if (raw === undefined || name === "") throw new Error(`invalid field ${field}`);
    const key = name.trim();
    const value = raw.trim();
    if (key === "name") target = value;
    else if (key === "alias") aliases.push(value);
    else if (key === "driver-opt") {
      const [option, setting] = driverOption(value);
      options[option] = setting;
    } else if (!["ip", "ip6", "mac-address", "link-local-ip", "gw-priority"].includes(key))
      throw new Error(`invalid field key ${key}`);
  }
  if (target === "") throw new Error("network name/id is not specified");
  return {
    Target: target,
    ...(aliases.length > 0 ? { Aliases: aliases } : {}),
    ...(Object.keys(options).length > 0 ? { DriverOpts: options } : {}),
  };
};

/** `file://`, `registry://` or `config://NAME`; empty removes it. */
export const parseCredentialSpec = (text: string): CredentialSpec => {
  const [, kind, value = ""] = /^(config|file|registry):\/\/(.*)$/s.exec(text) ?? [];
  if (text !== "" && kind === undefined)
    throw new Error(
      'invalid credential spec: value must be prefixed with "config://", "file://", or "registry://"',
    );
  return {
    Config: kind === "config" ? value : "",
    File: kind === "file" ? value : "",
    Registry: kind === "registry" ? value : "",
  };
};

const isPem = (text: string): boolean =>
  /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+-----END \1-----/.test(text);

/** Why a file cannot be read, as Docker users know it: `open PATH: no such file or directory`. */
const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    const reasons: Record<string, string> = {
      ENOENT: "no such file or directory",
      EACCES: "permission denied",
      EISDIR: "is a directory",
    };
    const verb = code === "EISDIR" ? "read" : "open";
    throw new Error(`${verb} ${path}: ${reasons[String(code)] ?? String(code)}`, { cause: error });
  }
};

/** The text of a PEM file. */
export const readPem = (path: string): string => {
  const text = readText(path);
  if (!isPem(text)) throw new Error("file contents must be in PEM format");
  return text;
};

const authorityCertificate = (path: string): string => {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "";
    throw new Error(`unable to read CA cert for external CA: ${reason}`, { cause: error });
  }
  if (!isPem(text)) throw new Error("CA cert for external CA must be in PEM format");
  return text;
};

/** `protocol=cfssl,url=URL[,cacert=FILE][,KEY=VALUE...]`. */
export const parseExternalCa = (text: string): ExternalCA => {
  const known: Record<string, string> = {};
  const options: Record<string, string> = {};
  for (const field of parseCsv(text)) {
    const [name, value] = cut(field);
    if (value === undefined) throw new Error(`invalid field '${field}' must be a key=value pair`);
    const key = name.toLowerCase();
    if (key === "protocol" && value.toLowerCase() !== "cfssl")
      throw new Error(`unrecognized external CA protocol ${value}`);
    if (key === "cacert") known[key] = authorityCertificate(value);
    else if (key === "protocol" || key === "url") known[key] = value;
    else options[name] = value;
  }
  const { protocol, url, cacert } = known;
  if (protocol === undefined) throw new Error("the external-ca option needs a protocol= parameter");
  if (url === undefined) throw new Error("the external-ca option needs a url= parameter");
  return { Protocol: "cfssl", URL: url, Options: options, CACert: cacert ?? "" };
};
