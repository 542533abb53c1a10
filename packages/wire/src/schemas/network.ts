import type { Codec } from "../schema/codec.ts";
import { list, stringMap } from "../schema/collections.ts";
import { bool, text } from "../schema/scalars.ts";
import { always, nullable, omitEmpty, pointer, struct } from "../schema/struct.ts";
import type { IPAM, IPAMConfig, NetworkCreateRequest } from "../types/network.ts";

const ipamConfig = struct<IPAMConfig>("network.IPAMConfig", {
  Subnet: omitEmpty(text()),
  IPRange: omitEmpty(text()),
  Gateway: omitEmpty(text()),
  AuxiliaryAddresses: omitEmpty(stringMap),
});

const ipam = struct<IPAM>("network.IPAM", {
  Driver: always(text()),
  Options: nullable(stringMap),
  Config: nullable(list(ipamConfig)),
});

export const networkCreateRequest: Codec<NetworkCreateRequest> = struct<NetworkCreateRequest>(
  "network.CreateRequest",
  {
    Name: always(text()),
    Driver: always(text()),
    Scope: always(text()),
    EnableIPv4: pointer(bool),
    EnableIPv6: pointer(bool),
    IPAM: pointer(ipam),
    Internal: always(bool),
    Attachable: always(bool),
    Ingress: always(bool),
    ConfigOnly: always(bool),
    ConfigFrom: pointer(
      struct<{ readonly Network: string }>("network.ConfigReference", { Network: always(text()) }),
    ),
    Options: nullable(stringMap),
    Labels: nullable(stringMap),
  },
);
