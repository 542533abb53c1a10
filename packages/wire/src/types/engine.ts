import type { StringMap } from "./common.ts";

/** One line of GET /events. Cluster events have scope `swarm` and no status, id or from. */
export interface EventMessage {
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: StringMap };
  readonly scope?: "local" | "swarm";
  /** Seconds since the epoch. */
  readonly time?: number;
  /** Nanoseconds since the epoch: beyond exact integers, so formatted by hand when it matters. */
  readonly timeNano?: number;
}

/** Credentials for a registry, in the X-Registry-Auth header as base64url of JSON. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly email?: string;
  readonly serveraddress?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** The body of every error answer. */
export interface ErrorResponse {
  readonly message: string;
}
