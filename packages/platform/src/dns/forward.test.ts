import { expect, test } from "vitest";
import { forward } from "./forward.ts";

const QUERY = Buffer.from("000101000001000000000000", "hex");

test("a resolver to which no way leads is an error, not the end of the process", async () => {
  // A broadcast address needs a permission that the socket lacks: refused at once, on any host.
  await expect(forward(["255.255.255.255"], QUERY, "udp")).rejects.toThrow("EACCES");
});

test("a resolver that cannot be read is an error", async () => {
  await expect(forward(["nonsense:99999"], QUERY, "udp")).rejects.toThrow("Port");
});

test("without resolvers nothing is forwarded", async () => {
  await expect(forward([], QUERY, "udp")).rejects.toThrow("no resolvers");
});
