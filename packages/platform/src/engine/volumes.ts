import { access } from "node:fs/promises";
import { OperationError } from "@skein/base";
import type { Mount } from "@skein/wire";
import type { EngineConnection } from "./connection.ts";

/**
 * Makes the named volumes that do not exist yet. Docker would make them with the container, but
 * Podman would then forget their driver, options and labels.
 */
export const createVolumes = async (
  connection: EngineConnection,
  mounts: readonly Mount[],
  signal: AbortSignal,
): Promise<void> => {
  for (const { Type, Source = "", VolumeOptions } of mounts) {
    if (Type !== "volume" || Source === "") continue;
    const { DriverConfig, Labels } = VolumeOptions ?? {};
    await connection.request(signal, {
      method: "POST",
      path: "/volumes/create",
      body: {
        Name: Source,
        ...(DriverConfig?.Name ? { Driver: DriverConfig.Name } : {}),
        DriverOpts: { ...DriverConfig?.Options },
        Labels: { ...Labels },
      },
    });
  }
};

/** Podman finds a missing source only when it starts the container; Docker refuses to make it. */
export const assertBindSources = async (mounts: readonly Mount[]): Promise<void> => {
  for (const { Type = "bind", Source = "", BindOptions } of mounts) {
    if (Type !== "bind" || BindOptions?.CreateMountpoint === true) continue;
    try {
      await access(Source);
    } catch (error) {
      throw new OperationError(
        "invalid-parameter",
        `invalid mount config for type "bind": bind source path does not exist: ${Source}`,
        { cause: error },
      );
    }
  }
};
