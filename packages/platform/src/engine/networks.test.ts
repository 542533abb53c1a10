// Goal: Podman, which keeps a network for containers that ended, gives it up. Method: an HTTP server on a
// socket that answers as Podman 4.3 does.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EngineConnection } from "./connection.ts";
import { OverlayNetworks } from "./networks.ts";

const IN_USE = '"skein-1-x" has associated containers with it: network is being used';

/** Calls `act` on an engine whose network has these containers on it; gives those left. */
const withPodman = async (
  containers: Readonly<Record<string, "exited" | "running">>,
  act: (networks: OverlayNetworks) => Promise<void>,
): Promise<{ readonly removed: boolean; readonly created: boolean }> => {
  const directory = await mkdtemp(join(tmpdir(), "skein-networks-"));
  const left = new Map(Object.entries(containers));
  const result = { removed: false, created: false };
  const answerTo = (method: string, url: string, body: string): readonly [number, unknown] => {
    if (method === "DELETE") {
      if (left.size > 0) return [500, { message: IN_USE }];
      result.removed = true;
      return [200, {}];
    }
    if (url.endsWith("/disconnect")) left.delete(/"Container":"(\w+)"/.exec(body)?.[1] ?? "");
    if (url.endsWith("/create")) result.created = true;
    if (url.startsWith("/containers/json"))
      return [200, [...left].flatMap(([Id, state]) => (state === "exited" ? [{ Id }] : []))];
    return [200, { IPAM: { Config: [{ Subnet: "10.0.5.0/24", Gateway: "10.0.5.9" }] } }];
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      const [status, answer] = answerTo(request.method ?? "", request.url ?? "", body);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
  });
  const path = join(directory, "engine.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const connection = new EngineConnection(path);
  try {
    await act(new OverlayNetworks(connection, () => Promise.resolve("podman")));
  } finally {
    connection.close();
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  }
  return result;
};

const calm = new AbortController().signal;
const wanted = {
  networkId: "x",
  name: "skein-1-x",
  bridge: "sk-x",
  mtu: 1450,
  internal: false,
  ipv6: false,
  subnets: [{ subnet: "10.0.5.0/24", gateway: "10.0.5.2" }],
};

test("a network with containers that ended is removed, and made anew when it was of before", async () => {
  const removal = await withPodman({ a: "exited", b: "exited" }, (networks) =>
    networks.removeNetwork("skein-1-x", calm),
  );
  expect(removal).toEqual({ removed: true, created: false });
  const renewal = await withPodman({ a: "exited" }, (networks) =>
    networks.ensureNetwork(wanted, calm),
  );
  expect(renewal).toEqual({ removed: true, created: true });
});

test("one with a running container stays, and cannot be made anew", async () => {
  const removal = await withPodman({ a: "running" }, (networks) =>
    networks.removeNetwork("skein-1-x", calm),
  );
  expect(removal.removed).toBe(false);
  const renewal = withPodman({ a: "running" }, (networks) => networks.ensureNetwork(wanted, calm));
  await expect(renewal).rejects.toThrow("a running container is on it");
});
