import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import {
  formatHostPort,
  resolveAdvertiseAddr,
  resolveDataPathAddr,
  resolveListenAddr,
} from "./addresses.ts";

const v4 = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  netmask: "255.255.255.0",
  family: "IPv4",
  mac: "00:00:00:00:00:00",
  internal,
  cidr: `${address}/24`,
});
const one = { lo: [v4("127.0.0.1", true)], eth0: [v4("10.0.0.1")], docker0: [v4("172.17.0.1")] };
const two = { ...one, eth1: [v4("10.1.0.1")] };
const anywhere = { host: "0.0.0.0", port: 2377 };

test("a listen address is an IP or an interface, with or without port", () => {
  expect(resolveListenAddr("0.0.0.0:2377", one)).toEqual(anywhere);
  expect(resolveListenAddr("eth0", one)).toEqual({ host: "10.0.0.1", port: 2377 });
  expect(resolveListenAddr("[::]:2400", one)).toEqual({ host: "::", port: 2400 });
  expect(formatHostPort({ host: "::", port: 1 })).toBe("[::]:1");
  expect(() => resolveListenAddr("", one)).toThrow('invalid ListenAddr "": invalid empty address');
  expect(() => resolveListenAddr("nonsense:1", one)).toThrow("listen address must be");
  expect(() => resolveListenAddr("10.0.0.1:99999", one)).toThrow("listen address must be");
});

test("the advertised address is the only one there is, or must be said", () => {
  expect(resolveAdvertiseAddr("", anywhere, one)).toEqual({ host: "10.0.0.1", port: 2377 });
  expect(() => resolveAdvertiseAddr("", anywhere, two)).toThrow(
    "on different interfaces (10.0.0.1 on eth0 and 10.1.0.1 on eth1)",
  );
  expect(() => resolveAdvertiseAddr("", anywhere, { lo: one.lo })).toThrow("--advertise-addr");
  expect(resolveAdvertiseAddr("", { host: "10.1.0.1", port: 7 }, two).host).toBe("10.1.0.1");
  expect(resolveAdvertiseAddr("eth1:9", anywhere, two)).toEqual({ host: "10.1.0.1", port: 9 });
  expect(resolveAdvertiseAddr("10.9.9.9", { ...anywhere, port: 5 }, one).port).toBe(5);
  expect(() => resolveAdvertiseAddr("0.0.0.0", anywhere, one)).toThrow("advertise address must be");
});

test("the data path address has no port", () => {
  const advertise = { host: "10.0.0.1", port: 2377 };
  expect(resolveDataPathAddr("", advertise, two)).toBe("10.0.0.1");
  expect(resolveDataPathAddr("eth1", advertise, two)).toBe("10.1.0.1");
  expect(() => resolveDataPathAddr("10.0.0.1:1", advertise, two)).toThrow("data path address");
});
