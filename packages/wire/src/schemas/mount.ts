import type { Codec } from "../schema/codec.ts";
import { list, stringMap } from "../schema/collections.ts";
import { bool, fileMode, int64, text } from "../schema/scalars.ts";
import { omitEmpty, pointer, struct, word } from "../schema/struct.ts";
import type {
  BindOptions,
  ImageOptions,
  Mount,
  MountPropagation,
  MountType,
  TmpfsOptions,
  VolumeOptions,
} from "../types/mount.ts";
import { driver } from "./common.ts";

const bindOptions = struct<BindOptions>("mount.BindOptions", {
  Propagation: word<MountPropagation>("mount.Propagation"),
  NonRecursive: omitEmpty(bool),
  CreateMountpoint: omitEmpty(bool),
  ReadOnlyNonRecursive: omitEmpty(bool),
  ReadOnlyForceRecursive: omitEmpty(bool),
});

const volumeOptions = struct<VolumeOptions>("mount.VolumeOptions", {
  NoCopy: omitEmpty(bool),
  Labels: omitEmpty(stringMap),
  Subpath: omitEmpty(text()),
  DriverConfig: pointer(driver("mount")),
});

const imageOptions = struct<ImageOptions>("mount.ImageOptions", { Subpath: omitEmpty(text()) });

const tmpfsOptions = struct<TmpfsOptions>("mount.TmpfsOptions", {
  SizeBytes: omitEmpty(int64),
  Mode: omitEmpty(fileMode),
  Options: omitEmpty(list(list(text()))),
});

export const mount: Codec<Mount> = struct<Mount>("mount.Mount", {
  Type: word<MountType>("mount.Type"),
  Source: omitEmpty(text()),
  Target: omitEmpty(text()),
  ReadOnly: omitEmpty(bool),
  Consistency: omitEmpty(text("mount.Consistency")),
  BindOptions: pointer(bindOptions),
  VolumeOptions: pointer(volumeOptions),
  ImageOptions: pointer(imageOptions),
  TmpfsOptions: pointer(tmpfsOptions),
  ClusterOptions: pointer(struct<Record<string, never>>("mount.ClusterOptions", {})),
});
