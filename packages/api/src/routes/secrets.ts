import { checkTemplating, decodeConfigSpec, decodeSecretSpec } from "@skein/wire";
import type { ConfigSpec, SecretSpec } from "@skein/wire";
import type { Backend, ConfigBackend, SecretBackend } from "../backend.ts";
import { decodeBody } from "../body.ts";
import { filtersOf } from "../filters.ts";
import { empty, json } from "../http.ts";
import type { Call, Route } from "../router.ts";

/** Secrets and configs have the same routes; this names what differs. */
type Kind =
  | {
      readonly word: "secret";
      readonly backend: SecretBackend;
      readonly decode: (text: string) => SecretSpec;
    }
  | {
      readonly word: "config";
      readonly backend: ConfigBackend;
      readonly decode: (text: string) => ConfigSpec;
    };

const ref = (call: Call): string => call.params["id"] ?? "";

const routes = ({ word, backend, decode }: Kind): readonly Route[] => [
  {
    method: "GET",
    pattern: `/${word}s`,
    handler: async (call) => json(200, await backend.list({ filters: filtersOf(call) })),
  },
  {
    method: "POST",
    pattern: `/${word}s/create`,
    handler: async (call) => {
      const spec = await decodeBody(call, decode);
      checkTemplating(word, spec, call.version);
      return json(201, await backend.create({ spec }));
    },
  },
  {
    method: "GET",
    pattern: `/${word}s/{id}`,
    handler: async (call) => json(200, await backend.get({ ref: ref(call) })),
  },
  {
    method: "POST",
    pattern: `/${word}s/{id}/update`,
    handler: async (call) => {
      const spec = await decodeBody(call, decode);
      const version = call.query.version(word, false);
      await backend.update({ ref: ref(call), version, spec });
      return empty(200);
    },
  },
  {
    method: "DELETE",
    pattern: `/${word}s/{id}`,
    handler: async (call) => {
      await backend.remove({ ref: ref(call) });
      return empty(204);
    },
  },
];

/** /secrets */
export const secretRoutes = ({ secrets }: Backend): readonly Route[] =>
  routes({ word: "secret", backend: secrets, decode: decodeSecretSpec });

/** /configs */
export const configRoutes = ({ configs }: Backend): readonly Route[] =>
  routes({ word: "config", backend: configs, decode: decodeConfigSpec });
