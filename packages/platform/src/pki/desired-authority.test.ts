import { spawnSync } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import { createCertificateRequest } from "./certificate-request.ts";
import { parseDesiredAuthority } from "./desired-authority.ts";
import { createRootAuthority } from "./root-authority.ts";
import type { RootAuthority } from "./root-authority.ts";
import { newSigner } from "./signer.ts";

const now = Date.UTC(2026, 0, 1);
const YEAR = 365 * 86_400_000;
let root: RootAuthority;
beforeAll(async () => {
  root = await createRootAuthority(now);
});

test("takes a good one, in normal form", async () => {
  const untidy = `comment\n${root.certificate.replaceAll("\n", "\r\n")}`;
  expect(await parseDesiredAuthority(untidy, root.key, now)).toEqual(root);
});

test("names the rule that is broken", async () => {
  const other = await createRootAuthority(now);
  const signer = await newSigner(root);
  const identity = { nodeId: "n", role: "worker", clusterId: "c" } as const;
  const { csr, keyPem } = await createCertificateRequest();
  const leaf = await signer.issueNodeCertificate(csr, { identity, now, lifetimeMs: 3 * YEAR });
  const cases: readonly (readonly [string, string, number, string])[] = [
    ["nonsense", root.key, now, "could not parse the desired CA certificate"],
    ["", root.key, now, "could not parse the desired CA certificate"],
    [
      root.certificate + other.certificate,
      root.key,
      now,
      "the desired CA certificate cannot contain multiple certificates",
    ],
    [leaf, keyPem, now, "the desired CA certificate is not of an authority"],
    [root.certificate, root.key, now - YEAR, "CA certificate is not yet valid"],
    [root.certificate, root.key, now + 19.5 * YEAR, "CA certificate expires too soon"],
    [root.certificate, other.key, now, "the desired CA certificate and key do not match"],
    [root.certificate, "nonsense", now, "the private key cannot be read"],
  ];
  for (const [certificate, key, at, message] of cases)
    await expect(parseDesiredAuthority(certificate, key, at)).rejects.toMatchObject({
      kind: "invalid-parameter",
      message,
    });
});

test.skipIf(spawnSync("openssl", ["version"]).status !== 0)(
  "a certificate that is signed by SHA-1 is refused",
  async () => {
    const run = (digest: string): string => {
      const args = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        digest,
        "-keyout",
        "/dev/null",
      ];
      const more = ["-subj", "/CN=theirs", "-days", "9999"];
      return spawnSync("openssl", [...args, ...more], { encoding: "utf8" }).stdout;
    };
    await expect(parseDesiredAuthority(run("-sha1"), "", Date.now())).rejects.toMatchObject({
      kind: "invalid-parameter",
      message: expect.stringContaining("unsupported algorithm"),
    });
    expect(await parseDesiredAuthority(run("-sha384"), "", Date.now())).toMatchObject({ key: "" });
  },
);
