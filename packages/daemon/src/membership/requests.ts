import { OperationError } from "@skein/base";
import { DEFAULT_SUBNET_SIZE } from "@skein/manager";
import { overlaps, parseSubnet, validateSwarmSpec } from "@skein/model";
import type { Subnet } from "@skein/model";
import type { SwarmInitRequest, SwarmJoinRequest } from "@skein/wire";

/** Docker's bounds of the data path port; 0 is the default port. */
const PORTS = { least: 1024, most: 49_151 } as const;
/** A subnet of fewer than eight addresses leaves none for tasks. */
const LONGEST_PREFIX = 29;

const refuse = (text: string): never => {
  throw new OperationError("invalid-parameter", text);
};

const checkListenAddr = (address: string): void => {
  if (address === "") refuse('invalid ListenAddr "": invalid empty address');
};

const checkPools = (pools: readonly string[], asked: number): void => {
  if (pools.length === 0) return;
  const size = asked === 0 ? DEFAULT_SUBNET_SIZE : asked;
  if (size > LONGEST_PREFIX) refuse(`subnet size is out of range: ${size}`);
  const seen: Subnet[] = [];
  for (const pool of pools) {
    const subnet =
      parseSubnet(pool) ?? refuse(`invalid base pool ${pool}: invalid CIDR address: ${pool}`);
    if (size < subnet.prefix)
      refuse(`invalid CIDR: "${pool}". Subnet size is too small for pool: ${size}`);
    if (seen.some((other) => overlaps(other, subnet)))
      refuse(`swarm pool config: pool ${pool} overlaps another one`);
    seen.push(subnet);
  }
};

/** How to get there all the same. */
const LATER =
  "run docker swarm ca --rotate with --ca-cert and --ca-key or --external-ca afterwards";

/** What would be accepted and ignored otherwise. */
const checkSupported = ({ Spec }: SwarmInitRequest): void => {
  const { ExternalCAs, SigningCACert, SigningCAKey } = Spec.CAConfig;
  const asked: readonly (readonly [boolean, string])[] = [
    [
      (ExternalCAs ?? []).length > 0,
      `an external certificate authority when the cluster is made (${LATER})`,
    ],
    [
      Boolean(SigningCACert) || Boolean(SigningCAKey),
      `a root certificate of one's own when the cluster is made (${LATER})`,
    ],
  ];
  for (const [isAsked, what] of asked)
    if (isAsked)
      throw new OperationError(
        "not-implemented",
        `${what} is not supported by this version of Skein`,
      );
};

/** Refuses what no cluster can be made of, in Docker's words (api.md, 2.1). */
export const checkInitRequest = (request: SwarmInitRequest): void => {
  checkListenAddr(request.ListenAddr);
  validateSwarmSpec(request.Spec);
  checkSupported(request);
  checkPools(request.DefaultAddrPool, request.SubnetSize);
  const port = request.DataPathPort;
  if (port !== 0 && (port < PORTS.least || port > PORTS.most))
    refuse(`Datapath port number is not in valid range (${PORTS.least}-${PORTS.most}) : ${port}`);
};

/** Refuses a join request that names no manager, or no address of its own. */
export const checkJoinRequest = (request: SwarmJoinRequest): void => {
  checkListenAddr(request.ListenAddr);
  if (request.RemoteAddrs.length === 0) refuse("at least 1 RemoteAddr is required to join");
};
