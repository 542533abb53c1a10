import { toPlatforms } from "@skein/sdk";
import type { Client } from "@skein/sdk";
import type { ServiceSpec } from "@skein/wire";
import { formatImage, parseImage } from "../../output/image.ts";

/** A spec whose image is pinned as well as possible, and what to warn of. */
export interface PinnedSpec {
  readonly spec: ServiceSpec;
  readonly warnings: readonly string[];
}

const warning = (image: string): string =>
  `image ${image} could not be accessed on a registry to record
its digest. Each node will access ${image} independently,
possibly leading to different nodes running different
versions of the image.
`;

const withImage = (spec: ServiceSpec, image: string): ServiceSpec => ({
  ...spec,
  TaskTemplate: {
    ...spec.TaskTemplate,
    ContainerSpec: { ...spec.TaskTemplate.ContainerSpec, Image: image },
  },
});

/** The image with a tag: `latest` when it has neither tag nor digest. */
const withTag = (image: string): string => {
  const reference = parseImage(image);
  if (!reference) return image;
  const bare = reference.tag === undefined && reference.digest === undefined;
  return formatImage(bare ? { ...reference, tag: "latest" } : reference);
};

const withPlatforms = (spec: ServiceSpec, platforms: ReturnType<typeof toPlatforms>): ServiceSpec =>
  platforms.length === 0
    ? spec
    : {
        ...spec,
        TaskTemplate: {
          ...spec.TaskTemplate,
          Placement: {
            ...spec.TaskTemplate.Placement,
            // Images say "arm" where nodes say "armv7l": without it they match.
            Platforms: platforms.map(({ Architecture = "", ...rest }) =>
              Architecture.toLowerCase() === "arm" || Architecture === ""
                ? rest
                : { ...rest, Architecture },
            ),
          },
        },
      };

/**
 * Gives the image a tag and, when `query` is set, asks the registry for its digest and platforms.
 * A registry that does not answer leads to a warning, not to a failure.
 */
export const pinImage = async (
  client: Client,
  spec: ServiceSpec,
  query: boolean,
  auth: string | undefined,
): Promise<PinnedSpec> => {
  const given = spec.TaskTemplate.ContainerSpec?.Image ?? "";
  if (given === "") return { spec, warnings: [] };
  const image = withTag(given);
  const tagged = withImage(spec, image);
  if (!query) return { spec: tagged, warnings: [] };
  try {
    const info = await client.distribution(image, auth);
    const reference = parseImage(image);
    const pinned =
      reference && reference.digest === undefined
        ? formatImage({ ...reference, digest: info.Descriptor.digest })
        : image;
    return { spec: withPlatforms(withImage(spec, pinned), toPlatforms(info)), warnings: [] };
  } catch {
    return { spec: tagged, warnings: [warning(image)] };
  }
};
