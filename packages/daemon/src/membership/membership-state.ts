import type { AgentRuntime } from "../agent/agent-runtime.ts";
import type { LocalState } from "./local-state.ts";
import type { Member } from "./member.ts";

/** Where this node stands; the names are Docker's LocalNodeState. */
export type MembershipState =
  | { readonly kind: "inactive" }
  | { readonly kind: "pending"; readonly local: LocalState | undefined }
  | { readonly kind: "active"; readonly active: Member }
  | { readonly kind: "locked"; readonly local: LocalState; readonly agent: AgentRuntime }
  | { readonly kind: "error"; readonly local: LocalState | undefined; readonly message: string };
