import { spawnSync } from "node:child_process";
import { X509Certificate, generateKeyPairSync, webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Root } from "@skein/model";
import { beforeAll, expect, test } from "vitest";
import { readIdentity } from "../shared/identity.ts";
import type { NodeIdentity } from "../shared/identity.ts";
import { toPem } from "../shared/pem.ts";
import { leafOf, parseCertificates, validityOf, verifyChain } from "../shared/trust.ts";
import { createCertificateRequest, parseCertificateRequest } from "./certificate-request.ts";
import { createRootAuthority } from "./root-authority.ts";
import { newSigner } from "./signer.ts";
import type { Signer } from "./signer.ts";
import { issuerOf, nodeTlsInfo } from "./tls-info.ts";
import { Pkcs10CertificateRequestGenerator } from "./x509-provider.ts";

const HOUR = 3_600_000;
const now = Date.UTC(2026, 10, 21, 12);
const manager: NodeIdentity = { nodeId: "n1", role: "manager", clusterId: "c1" };
const worker: NodeIdentity = { nodeId: "n2", role: "worker", clusterId: "c1" };
let root: Root;
let signer: Signer;
beforeAll(async () => {
  root = await createRootAuthority(now);
  signer = await newSigner(root);
});

const issue = async (by: Signer, identity: NodeIdentity, lifetimeMs = 90 * 24 * HOUR) =>
  by.issueNodeCertificate((await createCertificateRequest()).csr, { identity, now, lifetimeMs });

test("the root is self-signed, CN swarm-ca, for 20 years, and may sign", () => {
  const certificate = new X509Certificate(root.certificate);
  expect(certificate.subject).toBe("CN=swarm-ca");
  expect(certificate.issuer).toBe("CN=swarm-ca");
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  const { notBefore, notAfter } = validityOf(certificate);
  expect(notBefore).toBe(now - HOUR);
  expect(notAfter).toBe(now + 20 * 365 * 24 * HOUR);
});

test("a node certificate names node, role and cluster, back-dated by an hour", async () => {
  const certificate = leafOf(await issue(signer, manager));
  expect(certificate.subject).toBe("O=c1\nOU=swarm-manager\nCN=n1");
  expect(certificate.subjectAltName).toBe("DNS:swarm-manager, DNS:n1, DNS:swarm-ca");
  expect(certificate.ca).toBe(false);
  expect(readIdentity(certificate)).toEqual(manager);
  expect(validityOf(certificate)).toEqual({
    notBefore: now - HOUR,
    notAfter: now + 90 * 24 * HOUR,
  });
  const other = leafOf(await issue(signer, worker));
  expect(other.subjectAltName).toBe("DNS:swarm-worker, DNS:n2");
  expect(readIdentity(other)).toEqual(worker);
});

test("a life is at least an hour and never beyond the root's", async () => {
  expect(validityOf(leafOf(await issue(signer, worker, 5))).notAfter).toBe(now + HOUR);
  const end = validityOf(leafOf(root.certificate)).notAfter;
  expect(validityOf(leafOf(await issue(signer, worker, 30 * 365 * 24 * HOUR))).notAfter).toBe(end);
});

test("identities that are not a node's are refused", async () => {
  expect(() => readIdentity(new X509Certificate(root.certificate))).toThrow("does not name a node");
});

test("a chain is trusted under its root, in its time, and nowhere else", async () => {
  const chain = await issue(signer, worker, HOUR);
  expect(verifyChain(chain, root.certificate, now).subject).toContain("CN=n2");
  expect(() => verifyChain(chain, root.certificate, now + HOUR + 1_000)).toThrow("it expired on");
  expect(() => verifyChain(chain, root.certificate, now - HOUR - 1_000)).toThrow(
    "not valid before",
  );
  const other = await createRootAuthority(now);
  expect(() => verifyChain(chain, other.certificate, now)).toThrow("was not issued by");
  expect(() => verifyChain("", root.certificate, now)).toThrow("there is none");
  // A node's certificate is no authority: what it "issues" is worth nothing.
  const request = await createCertificateRequest();
  const nodeChain = await signer.issueNodeCertificate(request.csr, {
    identity: worker,
    now,
    lifetimeMs: HOUR,
  });
  const impostor = await newSigner({ certificate: nodeChain, key: request.keyPem });
  const forged = await issue(impostor, manager);
  expect(() => verifyChain(forged + nodeChain, root.certificate, now)).toThrow("was not issued by");
  expect(() => verifyChain(forged, nodeChain, now)).toThrow("was not issued by");
});

test("while the root is rotated, old and new trust both accept new certificates", async () => {
  const fresh = await createRootAuthority(now);
  const intermediate = await signer.crossSign(fresh);
  const rotated = await newSigner({ ...fresh, intermediate });
  const chain = await issue(rotated, worker);
  expect(parseCertificates(chain)).toHaveLength(2);
  for (const trust of [root.certificate, fresh.certificate, root.certificate + fresh.certificate])
    expect(readIdentity(verifyChain(chain, trust, now))).toEqual(worker);
  const leafOnly = leafOf(chain).toString();
  expect(() => verifyChain(leafOnly, root.certificate, now)).toThrow("was not issued by");
  const before = nodeTlsInfo(root.certificate, await issue(signer, worker));
  const after = nodeTlsInfo(root.certificate + fresh.certificate, chain);
  expect(before.CertIssuerPublicKey).toBe(root.issuer.publicKey);
  expect(after.CertIssuerPublicKey).toBe(fresh.issuer.publicKey);
});

test("TLS information is as Docker shows it", () => {
  expect(root.issuer).toEqual(issuerOf(root.certificate));
  expect(root.issuer.subject).toBe("MBMxETAPBgNVBAMTCHN3YXJtLWNh");
  expect(root.issuer.publicKey).toBe(
    new X509Certificate(root.certificate).publicKey
      .export({ type: "spki", format: "der" })
      .toString("base64"),
  );
});

test("requests are refused when damaged, too long, unsigned, or of another kind of key", async () => {
  const { csr } = await createCertificateRequest();
  const der = Buffer.from(csr.replaceAll(/-----.*-----/g, ""), "base64");
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  const algorithm = { name: "ECDSA", namedCurve: "P-384" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const large = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-384" },
  });
  for (const [bad, reason] of [
    ["", "it cannot be read"],
    ["nonsense", "it cannot be read"],
    [root.certificate, "it cannot be read"],
    [`${csr}${"x".repeat(20_000)}`, "it is too long"],
    [toPem("CERTIFICATE REQUEST", der), "it is not signed by its own key"],
    [large.toString("pem"), "the key must be ECDSA on the curve P-256"],
  ] as const)
    await expect(parseCertificateRequest(bad)).rejects.toMatchObject({
      kind: "invalid-parameter",
      message: `invalid certificate request: ${reason}`,
    });
});

test("refuses to sign with a weak key", async () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const key = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await expect(newSigner({ certificate: root.certificate, key })).rejects.toThrow("2048 bits");
});

const openssl = spawnSync("openssl", ["version"]);

test.skipIf(openssl.status !== 0)("OpenSSL accepts chains, and RSA and P-384 roots", async () => {
  const directory = mkdtempSync(join(tmpdir(), "skein-pki-"));
  const path = (name: string): string => join(directory, name);
  const run = (...args: string[]): string => {
    const { stdout, stderr } = spawnSync("openssl", args, { cwd: directory, encoding: "utf8" });
    return stdout + stderr;
  };
  const verify = (chain: string, rootPem: string): string => {
    const [leaf = "", ...between] = parseCertificates(chain).map(String);
    writeFileSync(path("leaf"), leaf);
    writeFileSync(path("between"), between.join("") || rootPem);
    writeFileSync(path("root"), rootPem);
    const when = ["-attime", String(now / 1_000)];
    return run(
      "verify",
      ...when,
      "-CAfile",
      "root",
      "-untrusted",
      "between",
      "-purpose",
      "sslclient",
      "leaf",
    );
  };
  const fresh = await createRootAuthority(now);
  const rotated = await newSigner({
    ...fresh,
    intermediate: await signer.crossSign(fresh),
  });
  const chain = await issue(rotated, manager);
  expect(verify(chain, fresh.certificate)).toBe("leaf: OK\n");
  expect(verify(chain, root.certificate)).toBe("leaf: OK\n");
  for (const algorithm of [
    ["-newkey", "rsa:2048"],
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
  ]) {
    run(
      "req",
      "-x509",
      "-nodes",
      ...algorithm,
      "-subj",
      "/CN=theirs",
      "-days",
      "9999",
      "-keyout",
      "k",
      "-out",
      "c",
    );
    const theirs = { certificate: run("x509", "-in", "c"), key: run("pkey", "-in", "k") };
    const issued = await issue(await newSigner(theirs), worker);
    expect(leafOf(issued).verify(new X509Certificate(theirs.certificate).publicKey)).toBe(true);
    expect(readIdentity(leafOf(issued))).toEqual(worker);
  }
  rmSync(directory, { recursive: true });
});
