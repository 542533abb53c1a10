import { expect, test } from "vitest";
import { placeOf, plainEndpointBody } from "./endpoint-body.ts";

const NETWORK = `skein-1-${"a".repeat(25)}`;
const endpoint = { ipv4: "10.0.5.7", mac: "02:42:0a:00:05:07" };

test.each([
  { aliases: ["db", "cache"], fixed: true },
  { aliases: [], fixed: false },
])("what is noted in Docker is read again: %j", (wanted) => {
  const settings = plainEndpointBody(endpoint, wanted, "docker");
  expect(settings).not.toHaveProperty("Aliases");
  expect(placeOf("c1", NETWORK, { ...settings, Aliases: ["c"] })).toEqual({
    networkId: "a".repeat(25),
    addresses: ["10.0.5.7"],
    ...wanted,
  });
});

test("Podman has the names, and the address only while the container runs", () => {
  const settings = plainEndpointBody(endpoint, { aliases: ["db"], fixed: true }, "podman");
  expect(settings).toMatchObject({ Aliases: ["db"] });
  const seen = { IPAMConfig: null, IPAddress: "10.0.5.7", Aliases: ["db", "c1f00"] };
  expect(placeOf("c1f00ba4", NETWORK, seen)).toMatchObject({
    addresses: ["10.0.5.7"],
    aliases: ["db"],
  });
  expect(placeOf("c1", NETWORK, { IPAddress: "" })?.addresses).toEqual([]);
});

test("other networks are no places", () => {
  expect(placeOf("c1", "bridge", { IPAddress: "172.17.0.2" })).toBeUndefined();
});
