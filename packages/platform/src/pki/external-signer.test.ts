// Goal: certificates come from an authority that only speaks CFSSL's API, and what it gives is
// checked. Method: a real HTTPS server with mutual TLS on this machine that signs.
import type { Root } from "@skein/model";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Credentials } from "../shared/credentials.ts";
import { readIdentity } from "../shared/identity.ts";
import type { NodeIdentity } from "../shared/identity.ts";
import { leafOf, parseCertificates, verifyChain } from "../shared/trust.ts";
import { createCertificateRequest } from "./certificate-request.ts";
import type { ExternalAuthorities } from "./external-signer.ts";
import { newExternalSigner } from "./external-signer.ts";
import { issueOwnCredentials } from "./own-credentials.ts";
import { createRootAuthority } from "./root-authority.ts";
import { newSigner } from "./signer.ts";
import type { CfsslServer } from "./testing/cfssl-server.ts";
import { startCfsslServer } from "./testing/cfssl-server.ts";

const HOUR = 3_600_000;
const worker: NodeIdentity = { nodeId: "n1", role: "worker", clusterId: "c1" };
let root: Root;
let server: CfsslServer;
let credentials: Credentials;
beforeAll(async () => {
  root = await createRootAuthority(Date.now());
  server = await startCfsslServer(root);
  const identity = { nodeId: "m1", role: "manager", clusterId: "c1" } as const;
  const content = { identity, now: Date.now(), lifetimeMs: HOUR };
  credentials = await issueOwnCredentials(await newSigner(root), root.certificate, content);
});
afterAll(() => server.close());
afterEach(() => {
  server.behaviour.answer = undefined;
  server.behaviour.identity = undefined;
  server.behaviour.isSilent = false;
});

const signerWith = (wish: Partial<ExternalAuthorities> = {}) =>
  newExternalSigner({
    urls: [server.url],
    certificate: root.certificate,
    trust: root.certificate,
    credentials: () => credentials,
    ...wish,
  });

const issue = async (wish: Partial<ExternalAuthorities> = {}): Promise<string> => {
  const { csr } = await createCertificateRequest();
  const content = { identity: worker, now: Date.now(), lifetimeMs: HOUR };
  return signerWith(wish).issueNodeCertificate(csr, content);
};

test("a node's certificate, asked for as the manager", async () => {
  const chain = await issue();
  expect(readIdentity(verifyChain(chain, root.certificate, Date.now()))).toEqual(worker);
  expect(leafOf(chain).subjectAltName).toContain("DNS:n1");
  expect(server.callers.at(-1)).toContain("CN=m1");
});

test("the next authority is asked when one does not answer", async () => {
  await issue({ urls: ["https://localhost:1/api/v1/cfssl/sign", server.url] });
  await expect(issue({ urls: [] })).rejects.toThrow("there is no external CA");
});

test("certifies the next root, and what that one issues is then trusted under the old one", async () => {
  const next = await createRootAuthority(Date.now());
  const crossSigned = await signerWith().crossSign(next);
  const signer = await newSigner({ ...next, intermediate: crossSigned });
  const { csr } = await createCertificateRequest();
  const content = { identity: worker, now: Date.now(), lifetimeMs: HOUR };
  const chain = await signer.issueNodeCertificate(csr, content);
  for (const trust of [root.certificate, next.certificate])
    expect(readIdentity(verifyChain(chain, trust, Date.now()))).toEqual(worker);
});

test("what links its root to the former one goes out with each certificate", async () => {
  const former = await createRootAuthority(Date.now());
  const intermediate = await (await newSigner(former)).crossSign(root);
  const chain = await issue({ intermediate });
  expect(parseCertificates(chain)).toHaveLength(2);
  verifyChain(chain, former.certificate, Date.now());
});

test("a certificate for another node, key or root is refused", async () => {
  server.behaviour.identity = { ...worker, role: "manager" };
  await expect(issue()).rejects.toThrow("the external CA signed for another node");
  server.behaviour.identity = undefined;
  const other = await issue();
  const result = { success: true, result: { certificate: other } };
  server.behaviour.answer = JSON.stringify(result);
  await expect(issue()).rejects.toThrow("the external CA signed another key");
  const { certificate } = await createRootAuthority(Date.now());
  await expect(issue({ certificate })).rejects.toThrow("was not issued by");
});

test.each([
  ["nonsense", "is not valid JSON"],
  ["{}", "its answer has no certificate"],
  ['{"success":false,"errors":[{"code":1,"message":"no such profile"}]}', "no such profile"],
  [`"${"x".repeat(300_000)}"`, "its answer is longer than 262144 bytes"],
])("an answer that is no certificate is an error that says why: %.20s", async (answer, reason) => {
  server.behaviour.answer = answer;
  await expect(issue()).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(
      new RegExp(`^the external CA at ${server.url} did not sign: .*${reason}`, "u"),
    ),
  });
});

test("a host whose certificate is of another root is not believed", async () => {
  const { certificate } = await createRootAuthority(Date.now());
  await expect(issue({ trust: certificate })).rejects.toMatchObject({ kind: "unavailable" });
});

test("an authority that does not answer is given up", async () => {
  server.behaviour.isSilent = true;
  await expect(issue({ timeoutMs: 200 })).rejects.toThrow("no answer within 200 ms");
});
