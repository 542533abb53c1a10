import type { StringMap } from "./common.ts";
import type { Mount } from "./mount.ts";

/** A Windows credential spec; exactly one of the three is set. */
export interface CredentialSpec {
  readonly Config: string;
  readonly File: string;
  readonly Registry: string;
}

/** SELinux labels of a container. */
export interface SELinuxContext {
  readonly Disable: boolean;
  readonly User: string;
  readonly Role: string;
  readonly Type: string;
  readonly Level: string;
}

/** The seccomp profile; `Profile` is base64, for mode `custom`. */
export interface SeccompOpts {
  readonly Mode?: "default" | "unconfined" | "custom";
  readonly Profile?: string;
}

/** AppArmor for a container. */
export interface AppArmorOpts {
  readonly Mode?: "default" | "disabled";
}

/** Security options. The two nulls are how the Docker API shows them unset. */
export interface Privileges {
  readonly CredentialSpec: CredentialSpec | null;
  readonly SELinuxContext: SELinuxContext | null;
  readonly Seccomp?: SeccompOpts;
  readonly AppArmor?: AppArmorOpts;
  readonly NoNewPrivileges: boolean;
}

/** When a container counts as healthy. Durations in nanoseconds; 0 (absent) is the image's value. */
export interface HealthConfig {
  /** `["NONE"]`, `["CMD", ...]` or `["CMD-SHELL", line]`; absent: the image's. */
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** Where a secret or config appears. `Mode` is the file mode as a number (0444 is 292). */
export interface FileTarget {
  readonly Name: string;
  readonly UID: string;
  readonly GID: string;
  readonly Mode: number;
}

/** A secret used by a service: both id and name must match. */
export interface SecretReference {
  readonly File?: FileTarget;
  readonly SecretID: string;
  readonly SecretName: string;
}

/** A config used by a service, as a file or (`Runtime`, an empty object) by the runtime itself. */
export interface ConfigReference {
  readonly File?: FileTarget;
  readonly Runtime?: Readonly<Record<string, never>>;
  readonly ConfigID: string;
  readonly ConfigName: string;
}

/** resolv.conf of a container. */
export interface DNSConfig {
  readonly Nameservers?: readonly string[];
  readonly Search?: readonly string[];
  readonly Options?: readonly string[];
}

/** A resource limit of the kernel; -1 is unlimited. */
export interface Ulimit {
  readonly Name: string;
  readonly Hard: number;
  readonly Soft: number;
}

/** How Windows isolates a container; `default` elsewhere. */
export type Isolation = "default" | "process" | "hyperv";

/** The container of a task. */
export interface ContainerSpec {
  readonly Image?: string;
  readonly Labels?: StringMap;
  readonly Command?: readonly string[];
  readonly Args?: readonly string[];
  readonly Hostname?: string;
  readonly Env?: readonly string[];
  readonly Dir?: string;
  readonly User?: string;
  readonly Groups?: readonly string[];
  readonly Privileges?: Privileges;
  readonly Init?: boolean;
  readonly StopSignal?: string;
  readonly TTY?: boolean;
  readonly OpenStdin?: boolean;
  readonly ReadOnly?: boolean;
  readonly Mounts?: readonly Mount[];
  /** Nanoseconds between the stop signal and SIGKILL; absent is 10 s. */
  readonly StopGracePeriod?: number;
  readonly Healthcheck?: HealthConfig;
  /** Lines of /etc/hosts: `address name...` */
  readonly Hosts?: readonly string[];
  readonly DNSConfig?: DNSConfig;
  readonly Secrets?: readonly SecretReference[];
  readonly Configs?: readonly ConfigReference[];
  readonly Isolation?: Isolation;
  readonly Sysctls?: StringMap;
  readonly CapabilityAdd?: readonly string[];
  readonly CapabilityDrop?: readonly string[];
  readonly Ulimits?: readonly Ulimit[];
  readonly OomScoreAdj?: number;
}
