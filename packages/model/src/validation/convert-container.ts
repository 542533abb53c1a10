import { OperationError } from "@skein/base";
import type { ConfigReference, ContainerSpec, Isolation, Mount } from "@skein/wire";
import { wordOf } from "./words.ts";

const mountTypes = ["bind", "volume", "tmpfs", "npipe", "cluster"] as const;
const propagations = ["rprivate", "private", "rshared", "shared", "rslave", "slave"] as const;
const isolations: readonly Isolation[] = ["process", "hyperv"];

const convertMount = (mount: Mount): Mount => {
  const type = wordOf(mount.Type, mountTypes, "bind");
  if (!type)
    throw new OperationError(
      "invalid-parameter",
      `invalid MountType: ${JSON.stringify(mount.Type)}`,
    );
  const { Consistency: _shownNowhere, BindOptions: bind, ...rest } = mount;
  if (!bind) return { ...rest, Type: type };
  const propagation = wordOf(bind.Propagation, propagations, "rprivate");
  if (!propagation)
    throw new OperationError(
      "invalid-parameter",
      `invalid MountPropagation: ${JSON.stringify(bind.Propagation)}`,
    );
  return { ...rest, Type: type, BindOptions: { ...bind, Propagation: propagation } };
};

const checkConfig = ({ File, Runtime }: ConfigReference): void => {
  if (!File && !Runtime)
    throw new OperationError(
      "invalid-parameter",
      "invalid Config: either File or Runtime should be set",
    );
};

/** See {@link convertServiceSpec}. */
export const convertContainer = (container: ContainerSpec): ContainerSpec => {
  const { Mounts, Configs = [] } = container;
  const mounts = Mounts?.map(convertMount);
  for (const config of Configs) checkConfig(config);
  return {
    ...container,
    ...(mounts ? { Mounts: mounts } : {}),
    Isolation: isolations.find((word) => word === container.Isolation?.toLowerCase()) ?? "default",
  };
};
