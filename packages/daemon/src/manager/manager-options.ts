import type { NewCluster } from "@skein/manager";
import type { Credentials, Endpoints, MemberSettings } from "@skein/platform";
import type { LoadedState } from "@skein/store";
import type { HostPort } from "../membership/addresses.ts";
import type { StateKind } from "./state/state-home.ts";

/** Where the state of a manager that starts is. */
export type StateSource =
  /** On this disk, and nowhere else. */
  | {
      readonly kind: "lmdb";
      readonly key: Uint8Array;
      /** The cluster is new. */
      readonly bootstrap?: NewCluster;
      /** It was backed up, and begins from this. */
      readonly restore?: LoadedState;
    }
  /** In the quorum of which this manager is a member. */
  | { readonly kind: "etcd"; readonly key: Uint8Array }
  /** In the etcd of `--store-endpoints`. */
  | { readonly kind: "external"; readonly key: Uint8Array; readonly bootstrap?: NewCluster }
  /** In a quorum that this manager is to join. */
  | {
      readonly kind: "joining";
      /** Managers to ask, `host:port`. */
      readonly remotes: () => readonly string[];
      /** Keeps the key that seals the state. */
      readonly keepKey: (key: Uint8Array) => Promise<void>;
    };

export interface ManagerOptions {
  readonly dataDir: string;
  readonly source: StateSource;
  /** This is the only manager from now on: the others are lost for good. */
  readonly alone?: boolean;
  readonly listen: HostPort;
  /** `host:port` that others dial. */
  readonly advertiseAddr: string;
  readonly credentials: Credentials;
  /** How the member of etcd runs. */
  readonly settings: MemberSettings;
  /** The etcd of `--store-endpoints`. */
  readonly externalStore?: Endpoints | undefined;
  /** Told why the state can't be read yet. */
  readonly waiting?: (reason: string) => void;
  /** Makes it known for good where the state is. */
  readonly settle: (kind: StateKind) => Promise<void>;
}
