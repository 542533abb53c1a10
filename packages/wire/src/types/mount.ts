import type { Driver, StringMap } from "./common.ts";

/** What is mounted. */
export type MountType = "bind" | "volume" | "tmpfs" | "npipe" | "cluster" | "image";

/** How mounts made later below a bind are seen on the other side. */
export type MountPropagation = "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";

/** Options of a bind mount. */
export interface BindOptions {
  readonly Propagation?: MountPropagation;
  readonly NonRecursive?: boolean;
  readonly CreateMountpoint?: boolean;
  readonly ReadOnlyNonRecursive?: boolean;
  readonly ReadOnlyForceRecursive?: boolean;
}

/** Options of a named or anonymous volume. */
export interface VolumeOptions {
  readonly NoCopy?: boolean;
  readonly Labels?: StringMap;
  readonly Subpath?: string;
  readonly DriverConfig?: Driver;
}

/** Options of an image mount. */
export interface ImageOptions {
  readonly Subpath?: string;
}

/** Options of a tmpfs: size in bytes, mode as in chmod (a number). */
export interface TmpfsOptions {
  readonly SizeBytes?: number;
  readonly Mode?: number;
  /** Mount options as key and value, or as a key alone. */
  readonly Options?: readonly (readonly string[])[];
}

/** One mount of a container. */
export interface Mount {
  readonly Type?: MountType;
  readonly Source?: string;
  readonly Target?: string;
  readonly ReadOnly?: boolean;
  readonly Consistency?: string;
  readonly BindOptions?: BindOptions;
  readonly VolumeOptions?: VolumeOptions;
  readonly ImageOptions?: ImageOptions;
  readonly TmpfsOptions?: TmpfsOptions;
  /** Cluster volumes have no options yet: an empty object marks them. */
  readonly ClusterOptions?: Readonly<Record<string, never>>;
}
