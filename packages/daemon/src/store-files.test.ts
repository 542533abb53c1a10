import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readOptions } from "./options.ts";
import { readStoreFiles } from "./store-files.ts";

const pem = join(mkdtempSync(join(tmpdir(), "skein-store-files-")), "pem");
writeFileSync(pem, "PEM");
const files = { storeCa: pem, storeCert: pem, storeKey: pem };

const read = (flags: Readonly<Record<string, unknown>>): ReturnType<typeof readStoreFiles> =>
  readStoreFiles(readOptions(flags, {}));

test("no endpoint: managers keep the state themselves", async () => {
  expect(await read({})).toBeUndefined();
});

test("https endpoints come with what to trust and to show", async () => {
  const storeEndpoints = ["https://a:2379", "https://b:2379"];
  expect(await read({ storeEndpoints, ...files })).toEqual({
    endpoints: storeEndpoints,
    tls: { rootPem: "PEM", certificatePem: "PEM", keyPem: "PEM" },
  });
});

test.each([
  [files, "belong to --store-endpoints"],
  [{ storeEndpoints: ["https://a:2379"] }, "need --store-ca, --store-cert and --store-key"],
  [{ storeEndpoints: ["http://10.0.0.1:2379"] }, "use https, with client certificates"],
  [{ storeEndpoints: ["a:2379"] }, 'invalid etcd endpoint "a:2379"'],
  [{ storeEndpoints: ["https://a:1"], ...files, storeKey: "/nowhere" }, "of --store-key"],
])("%j is refused: %s", async (flags, reason) => {
  await expect(read(flags)).rejects.toThrow(reason);
});
