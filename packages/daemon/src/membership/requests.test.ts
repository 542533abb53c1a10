import { decodeSwarmInitRequest, decodeSwarmJoinRequest } from "@skein/wire";
import { expect, test } from "vitest";
import { checkInitRequest, checkJoinRequest } from "./requests.ts";

const init = (more: object): void =>
  checkInitRequest(decodeSwarmInitRequest(JSON.stringify({ ListenAddr: "0.0.0.0:2377", ...more })));

test("the usual requests pass", () => {
  init({});
  init({ DataPathPort: 7777, DefaultAddrPool: ["10.150.0.0/16"], SubnetSize: 26 });
  init({ Spec: { Name: "default" }, DefaultAddrPool: ["10.1.0.0/16", "10.2.0.0/16"] });
  const join = { ListenAddr: "0.0.0.0:2377", RemoteAddrs: ["10.0.0.1:2377"] };
  expect(() => checkJoinRequest(decodeSwarmJoinRequest(JSON.stringify(join)))).not.toThrow();
});

test.each([
  [{ ListenAddr: "" }, 'invalid ListenAddr "": invalid empty address'],
  [{ Spec: { Name: "other" } }, 'swarm spec must be named "default"'],
  [{ DataPathPort: 80 }, "Datapath port number is not in valid range (1024-49151) : 80"],
  [{ DataPathPort: 49_152 }, "Datapath port number is not in valid range (1024-49151) : 49152"],
  [
    { DefaultAddrPool: ["10.150.0.0/16"], SubnetSize: 8 },
    'invalid CIDR: "10.150.0.0/16". Subnet size is too small for pool: 8',
  ],
  [{ DefaultAddrPool: ["10.0.0.0/8"], SubnetSize: 30 }, "subnet size is out of range: 30"],
  [{ DefaultAddrPool: ["nonsense"] }, "invalid base pool nonsense"],
  [{ DefaultAddrPool: ["10.0.0.0/8", "10.1.0.0/16"] }, "overlaps another one"],
  [{ Spec: { CAConfig: { NodeCertExpiry: 60e9 } } }, "minimum certificate expiry time is: 1h0m0s"],
  [
    { Spec: { Dispatcher: { HeartbeatPeriod: -1e9 } } },
    "heartbeat time period cannot be a negative duration",
  ],
  [
    { Spec: { CAConfig: { ExternalCAs: [{ Protocol: "cfssl", URL: "https://x" }] } } },
    "an external certificate authority when the cluster is made",
  ],
])("%j is refused", (more, text) => {
  expect(() => init(more)).toThrow(text);
});

test("a join request names a manager", () => {
  const request = decodeSwarmJoinRequest('{"ListenAddr":"0.0.0.0:2377","RemoteAddrs":[]}');
  expect(() => checkJoinRequest(request)).toThrow("at least 1 RemoteAddr is required to join");
});
