import { expect, test } from "vitest";
import { renderRedirection, serversAsked } from "./name-redirection.ts";

test("questions to the servers go to the gateway, from the container's address there", () => {
  const script = renderRedirection(["192.0.2.1", "192.0.2.2"], "10.0.5.2");
  expect(script).toContain("elements = { 192.0.2.1, 192.0.2.2 }");
  expect(script).toContain(
    "ip daddr @servers meta l4proto { tcp, udp } th dport 53 dnat to 10.0.5.2",
  );
  expect(script).toContain("ip daddr 10.0.5.2 meta l4proto { tcp, udp } th dport 53 masquerade");
});

test.each([
  { own: ["192.0.2.1"], host: ["192.0.2.9"], asked: ["192.0.2.1"] },
  { own: [], host: ["127.0.0.53", "192.0.2.9", "fd00::1"], asked: ["192.0.2.9"] },
  { own: [], host: ["127.0.0.1"], asked: ["8.8.8.8", "8.8.4.4"] },
])("the servers of $own, on a host with $host", ({ own, host, asked }) => {
  expect(serversAsked(own, host)).toEqual(asked);
});
