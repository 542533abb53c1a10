/** Goal: who may reach the listener, and how. Method: real sockets, certificates made here. */
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { get } from "node:https";
import type { RequestOptions } from "node:https";
import type { webcrypto } from "node:crypto";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
// oxlint-disable-next-line import/no-unassigned-import -- the certificate library needs it first
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { silentLogger } from "@skein/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseListenAddress, formatListenAddress } from "./listen-address.ts";
import { listen } from "./listener.ts";
import type { Listener, ListenerTls } from "./listener.ts";
import { echoApi } from "./testing.ts";

let directory = "";
const opened: Listener[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "skein-listen-"));
});
afterEach(async () => {
  for (const listener of opened.splice(0)) await listener.close();
  await rm(directory, { recursive: true });
});

const open = async (host: string, tls?: ListenerTls): Promise<Listener> => {
  const listener = await listen(
    {
      addresses: [parseListenAddress(host)],
      engineSocket: "/nowhere",
      ...(tls && { tls }),
    },
    { api: echoApi, logger: silentLogger },
  );
  opened.push(listener);
  return listener;
};

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const makeCertificates = async (): Promise<
  ListenerTls & { readonly client: { readonly cert: string; readonly key: string } }
> => {
  const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const pem = async (key: webcrypto.CryptoKey): Promise<string> =>
    x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
  const times = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 6e6) };
  const rootKeys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=root",
    keys: rootKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true)],
    ...times,
  });
  const issue = async (name: string) => {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: root.subject,
      publicKey: keys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
      ...times,
    });
    return { cert: certificate.toString("pem"), key: await pem(keys.privateKey) };
  };
  const server = await issue("server");
  const client = await issue("client");
  return { ca: root.toString("pem"), certificate: server.cert, key: server.key, client };
};

const fetchText = async (options: RequestOptions): Promise<string> =>
  await new Promise((resolve, reject) => {
    const outgoing = get({ ...options, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
  });

test("a unix socket is for owner and group, in a directory made for it", async () => {
  const path = join(directory, "deep", "skein.sock");
  await open(`unix://${path}`);
  const { mode } = await stat(path);
  expect(mode & 0o777).toBe(0o660);
});

test("a socket that a dead daemon left is replaced, a live one is not", async () => {
  const path = join(directory, "skein.sock");
  // A server that never unlinks its socket, as one that was killed.
  const dead = createServer();
  await new Promise<void>((resolve) => {
    dead.listen(path, resolve);
  });
  await chmod(path, 0o600);
  const first = open(`unix://${path}`);
  await expect(first).rejects.toThrow(`cannot listen on ${path}: another daemon listens there`);
  expect((await stat(path)).isSocket()).toBe(true);
  await new Promise<void>((resolve) => {
    dead.close(() => resolve());
  });
  await open(`unix://${path}`);
  await expect(open(`unix://${path}`)).rejects.toThrow("another daemon listens there");
});

test("a file in the way is not touched", async () => {
  const path = join(directory, "file");
  await writeFile(path, "precious");
  await expect(open(`unix://${path}`)).rejects.toThrow("it exists and is not a socket");
});

test("a tcp address without certificates is refused", async () => {
  await expect(open("tcp://127.0.0.1:0")).rejects.toThrow("who reaches the API owns the host");
});

/** The server refuses in the handshake, or by closing right after it. */
const refused = /certificate|ECONNRESET|hang up|EPIPE/;

test("over tcp only clients with a certificate of the CA are let in", async () => {
  const { client, ...tls } = await makeCertificates();
  const [address] = (await open("tcp://127.0.0.1:0", tls)).addresses;
  if (address?.kind !== "tcp") throw new Error("not a tcp address");
  const target = { host: "127.0.0.1", port: address.port, path: "/ours", ca: tls.ca };
  expect(await fetchText({ ...target, ...client })).toBe("GET /ours  ");
  await expect(fetchText(target)).rejects.toThrow(refused);
  const stranger = await makeCertificates();
  await expect(fetchText({ ...target, ...stranger.client })).rejects.toThrow(refused);
});

test("a port in use is a clear error, and nothing is left open", async () => {
  const { client: _, ...tls } = await makeCertificates();
  const [address] = (await open("tcp://127.0.0.1:0", tls)).addresses;
  if (address?.kind !== "tcp") throw new Error("not a tcp address");
  const path = join(directory, "second.sock");
  const both = listen(
    {
      addresses: [{ kind: "unix", path }, address],
      engineSocket: "/nowhere",
      tls,
    },
    { api: echoApi, logger: silentLogger },
  );
  await expect(both).rejects.toThrow(`cannot listen on tcp://127.0.0.1:${address.port}`);
  await expect(stat(path)).rejects.toThrow("ENOENT");
});

test.each([
  ["unix:///run/a.sock", { kind: "unix", path: "/run/a.sock" }],
  ["tcp://0.0.0.0:2376", { kind: "tcp", host: "0.0.0.0", port: 2376 }],
  ["tcp://[::1]:2376", { kind: "tcp", host: "::1", port: 2376 }],
  ["tcp://:2376", { kind: "tcp", host: "::", port: 2376 }],
])("the address %s", (text, wanted) => {
  expect(parseListenAddress(text)).toEqual(wanted);
});

test.each(["unix://relative", "tcp://host", "tcp://host:99999", "http://x:1", "", "tcp://a:b"])(
  "%j is not an address",
  (text) => {
    expect(() => parseListenAddress(text)).toThrow(`invalid host "${text}"`);
  },
);

test("addresses are written as they are read", () => {
  for (const text of ["unix:///a", "tcp://1.2.3.4:5", "tcp://[::1]:5"])
    expect(formatListenAddress(parseListenAddress(text))).toBe(text);
});
