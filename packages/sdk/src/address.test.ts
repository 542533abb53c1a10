import { expect, test } from "vitest";
import { parseAddress } from "./address.ts";

test.each([
  ["unix:///run/skein/skein.sock", { kind: "unix", path: "/run/skein/skein.sock" }],
  ["/run/s.sock", { kind: "unix", path: "/run/s.sock" }],
  ["tcp://10.0.0.1:1234", { kind: "tcp", host: "10.0.0.1", port: 1234 }],
  ["tcp://10.0.0.1", { kind: "tcp", host: "10.0.0.1", port: 2375 }],
  ["tcp://[fd00::1]:99", { kind: "tcp", host: "fd00::1", port: 99 }],
  ["host:99", { kind: "tcp", host: "host", port: 99 }],
])("%s", (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test("with TLS the default port is 2376", () => {
  expect(parseAddress("tcp://h", true)).toMatchObject({ port: 2376 });
});

test.each(["unix://", "ssh://h", "tcp://h:99999", "tcp://h:x", "tcp://a/b"])(
  "%s is refused",
  (text) => {
    expect(() => parseAddress(text)).toThrow(/invalid/);
  },
);
