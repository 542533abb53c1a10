import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createConnection } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Api } from "@skein/api";
import { silentLogger } from "@skein/base";
import { listen } from "./listener.ts";
import type { Listener } from "./listener.ts";

/** A listener before an engine of the test's own, both on sockets in a directory of their own. */
export interface Stage {
  readonly directory: string;
  readonly socket: string;
  readonly engine: Server;
  readonly engineSocket: string;
  readonly listener: Listener;
  close(): Promise<void>;
}

/** An API that owns /ours and answers it with the request's body. */
export const echoApi: Api = {
  owns: (_method, url) => url.startsWith("/ours"),
  handle: async (request) => ({
    status: 200,
    headers: { "content-type": "text/plain" },
    body: `${request.method} ${request.path} ${request.query} ${await request.body()}`,
  }),
};

/** Brings both up. The engine does nothing until the test says what. */
export const newStage = async (api: Api = echoApi): Promise<Stage> => {
  const directory = await mkdtemp(join(tmpdir(), "skein-http-"));
  const engineSocket = join(directory, "engine.sock");
  const socket = join(directory, "skein.sock");
  const engine = createServer();
  const connections = new Set<Socket>();
  engine.on("connection", (connection: Socket) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
  });
  await new Promise<void>((resolve) => {
    engine.listen(engineSocket, resolve);
  });
  const listener = await listen(
    { addresses: [{ kind: "unix", path: socket }], engineSocket },
    { api, logger: silentLogger },
  );
  return {
    directory,
    socket,
    engine,
    engineSocket,
    listener,
    close: async () => {
      await listener.close();
      for (const connection of connections) connection.destroy();
      await new Promise<void>((resolve) => {
        engine.close(() => resolve());
      });
      await rm(directory, { recursive: true });
    },
  };
};

/** A raw connection that remembers what it has read. */
export interface RawClient {
  readonly socket: Socket;
  /** Resolves with everything read so far once it contains `text`; rejects when it ended without. */
  readUntil(text: string): Promise<string>;
  /** Everything, once the other side has said its last. */
  readToEnd(): Promise<string>;
}

const nobody = (): void => {};

/** Connects to a unix socket, keeping its own direction open when the other side ends. */
export const rawClient = (path: string): RawClient => {
  const socket = createConnection({ path, allowHalfOpen: true });
  let seen = "";
  let ended = false;
  let wake = nobody;
  socket.on("data", (chunk: Buffer) => {
    seen += chunk.toString("latin1");
    wake();
  });
  const end = (): void => {
    ended = true;
    wake();
  };
  socket.on("end", end);
  socket.on("close", end);
  socket.on("error", end);
  const waitFor = async (isEnough: () => boolean): Promise<string> => {
    while (!isEnough()) {
      if (ended) throw new Error(`the connection ended after: ${seen}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return seen;
  };
  return {
    socket,
    readUntil: (text) => waitFor(() => seen.includes(text)),
    readToEnd: () => waitFor(() => ended),
  };
};
