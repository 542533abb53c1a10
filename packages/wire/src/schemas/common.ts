import type { Codec } from "../schema/codec.ts";
import { stringMap } from "../schema/collections.ts";
import { text } from "../schema/scalars.ts";
import type { Fields } from "../schema/struct.ts";
import { always, omitEmpty, struct } from "../schema/struct.ts";
import type { Annotations, Driver, Platform } from "../types/common.ts";

/** The embedded `Annotations`: their fields belong to the outer struct. */
export const annotations: Fields<Annotations> = {
  Name: omitEmpty(text()),
  Labels: always(stringMap),
};

/** Drivers look the same in the Go packages `swarm` and `mount`. */
export const driver = (goPackage: string): Codec<Driver> =>
  struct<Driver>(`${goPackage}.Driver`, {
    Name: omitEmpty(text()),
    Options: omitEmpty(stringMap),
  });

export const swarmDriver: Codec<Driver> = driver("swarm");

export const platform: Codec<Platform> = struct<Platform>("swarm.Platform", {
  Architecture: omitEmpty(text()),
  OS: omitEmpty(text()),
});
