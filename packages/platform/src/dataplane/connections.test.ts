import { expect, test } from "vitest";
import { connectionsToCut } from "./connections.ts";

const LISTING = `tcp      6 431999 ESTABLISHED src=10.0.5.51 dst=10.0.5.100 sport=4 dport=80 src=10.0.5.31 dst=10.0.5.51 sport=80 dport=4 [ASSURED] mark=0 use=1
udp      17 28 src=10.0.5.51 dst=10.0.5.100 sport=4 dport=80 src=10.0.5.32 dst=10.0.5.51 sport=80 dport=4 mark=0 use=1
tcp      6 431999 ESTABLISHED src=10.0.5.51 dst=10.0.5.32 sport=5 dport=80 src=10.0.5.32 dst=10.0.5.51 sport=80 dport=5 mark=0 use=1
udp      17 28 src=fd05::33 dst=fd05::64 sport=4 dport=80 src=fd05::1f dst=fd05::33 sport=80 dport=4 [UNREPLIED] mark=0 use=1
`;

test.each([
  { gone: ["10.0.5.31", "10.0.5.99"], idle: [], all: ["10.0.5.31"], udp: [] },
  { gone: [], idle: ["10.0.5.31"], all: [], udp: [] },
  { gone: [], idle: ["10.0.5.32"], all: [], udp: ["10.0.5.32"] },
  { gone: ["fd05::1f"], idle: [], all: ["fd05::1f"], udp: [] },
  // A client is not who answers.
  { gone: ["10.0.5.51"], idle: [], all: [], udp: [] },
])("gone: $gone, idle: $idle", ({ gone, idle, all, udp }) => {
  expect(connectionsToCut(LISTING, { gone, idle })).toEqual({
    all: new Set(all),
    udp: new Set(udp),
  });
});
