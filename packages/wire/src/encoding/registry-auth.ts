import { parseJson } from "../json/parse.ts";
import { decodeWith } from "../schema/codec.ts";
import { struct, word } from "../schema/struct.ts";
import type { RegistryAuth } from "../types/engine.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

const registryAuth = struct<RegistryAuth>("registry.AuthConfig", {
  username: word(),
  password: word(),
  auth: word(),
  email: word(),
  serveraddress: word(),
  identitytoken: word(),
  registrytoken: word(),
});

/** Writes credentials for the X-Registry-Auth header: JSON in URL-safe base64 with padding. */
export const encodeRegistryAuth = (auth: RegistryAuth): string =>
  encodeBase64(new TextEncoder().encode(JSON.stringify(auth)))
    .replaceAll("+", "-")
    .replaceAll("/", "_");

/**
 * Reads an X-Registry-Auth header. Both alphabets and missing padding are accepted. A header that
 * cannot be read counts as no credentials, as in the reference.
 */
export const decodeRegistryAuth = (header: string): RegistryAuth | undefined => {
  try {
    const text = new TextDecoder().decode(decodeBase64(header));
    return text === "" ? undefined : decodeWith(registryAuth, parseJson(text));
  } catch {
    return undefined;
  }
};
