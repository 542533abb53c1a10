import type { LabNetwork } from "./lab.ts";

/** The network that published ports use, in labs. */
export const ingress: LabNetwork = {
  id: "ingress0000",
  name: "ingress",
  vni: 4096,
  base: "10.0.0",
  base6: "fd00",
  ingress: true,
};

/** A network of services, in labs. */
export const blue: LabNetwork = {
  id: "blue0000000",
  name: "blue",
  vni: 4105,
  base: "10.0.5",
  base6: "fd05",
};
