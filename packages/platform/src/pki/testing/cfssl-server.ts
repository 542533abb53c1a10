import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Root } from "@skein/model";
import type { NodeIdentity } from "../../shared/identity.ts";
import { toPem } from "../../shared/pem.ts";
import { generateKeyPair, importSigningKey, exportPrivateKey } from "../keys.ts";
import { newSigner } from "../signer.ts";
import {
  BasicConstraintsExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "../x509-provider.ts";

const HOUR = 3_600_000;

/** What a test makes of the next answers. */
interface CfsslBehaviour {
  /** Answers with this instead of signing. */
  answer?: string | undefined;
  /** Never answers. */
  isSilent?: boolean;
  /** Signs for this identity, whatever is asked for. */
  identity?: NodeIdentity | undefined;
}

/** An external authority on this machine, for tests: HTTPS, mutual TLS, CFSSL's API. */
export interface CfsslServer {
  readonly url: string;
  readonly behaviour: CfsslBehaviour;
  /** The common names of those who asked. */
  readonly callers: readonly string[];
  readonly close: () => Promise<void>;
}

/** A certificate for this machine's own name. */
const hostCredentials = async (
  root: Root,
): Promise<{ readonly cert: string; readonly key: string }> => {
  const keys = await generateKeyPair();
  const { key, signingAlgorithm } = await importSigningKey(root.key);
  const certificate = await X509CertificateGenerator.create({
    issuer: new X509Certificate(root.certificate).subjectName,
    signingKey: key,
    signingAlgorithm,
    subject: "CN=external",
    publicKey: keys.publicKey,
    notBefore: new Date(Date.now() - HOUR),
    notAfter: new Date(Date.now() + HOUR),
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])],
  });
  const cert = toPem("CERTIFICATE", new Uint8Array(certificate.rawData));
  return { cert, key: await exportPrivateKey(keys.privateKey) };
};

const signAuthority = async (root: Root, csr: string): Promise<string> => {
  const request = new Pkcs10CertificateRequest(csr);
  if (!(await request.verify())) throw new Error("the request is not signed by its own key");
  const { key, signingAlgorithm } = await importSigningKey(root.key);
  const certificate = await X509CertificateGenerator.create({
    issuer: new X509Certificate(root.certificate).subjectName,
    signingKey: key,
    signingAlgorithm,
    subject: request.subjectName,
    publicKey: request.publicKey,
    notBefore: new Date(Date.now() - HOUR),
    notAfter: new Date(Date.now() + HOUR),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      await SubjectKeyIdentifierExtension.create(request.publicKey),
    ],
  });
  return toPem("CERTIFICATE", new Uint8Array(certificate.rawData));
};

const sign = async (root: Root, body: string, as: NodeIdentity | undefined): Promise<string> => {
  const { certificate_request: csr, subject, hosts, profile } = JSON.parse(body);
  if (profile === "CA") return signAuthority(root, csr);
  const [{ O: clusterId, OU: unit }] = subject.names;
  const identity = { nodeId: subject.CN, clusterId, role: unit.replace("swarm-", "") };
  if (hosts[0] !== unit || hosts[1] !== subject.CN) throw new Error("bad hosts");
  const signer = await newSigner(root);
  const content = { identity: as ?? identity, now: Date.now(), lifetimeMs: HOUR };
  return signer.issueNodeCertificate(csr, content);
};

const answerTo = async (
  root: Root,
  body: string,
  as: NodeIdentity | undefined,
): Promise<string> => {
  try {
    const certificate = await sign(root, body, as);
    return JSON.stringify({ success: true, result: { certificate }, errors: [], messages: [] });
  } catch (error) {
    const errors = [{ code: 5100, message: String(error) }];
    return JSON.stringify({ success: false, result: null, errors, messages: [] });
  }
};

/**
 * Starts an authority that holds the key of `root`, and signs for managers with certificates of the
 * `clients` roots.
 */
export const startCfsslServer = async (
  root: Root,
  clients: string = root.certificate,
): Promise<CfsslServer> => {
  const behaviour: CfsslBehaviour = {};
  const callers: string[] = [];
  const options = { ...(await hostCredentials(root)), ca: clients, requestCert: true };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const piece of request) body += String(piece);
    if (behaviour.isSilent) return;
    response.setHeader("content-type", "application/json");
    response.end(behaviour.answer ?? (await answerTo(root, body, behaviour.identity)));
  };
  const server = createServer(options, (request, response) => void serve(request, response));
  server.on("secureConnection", (socket) => {
    callers.push(socket.getPeerX509Certificate()?.subject ?? "");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}/api/v1/cfssl/sign`,
    behaviour,
    callers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
