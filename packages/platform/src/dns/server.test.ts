// Goal: a stub resolver gets the cluster's answers over UDP and TCP, and the node's for everything else.
// Method: Node's own resolver against the server on loopback; a second server stands upstream.
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { silentLogger } from "@skein/base";
import { decode, encode } from "dns-packet";
import type { DecodedPacket, OptAnswer } from "dns-packet";
import { afterEach, expect, test } from "vitest";
import type { Resolution } from "./answer.ts";
import type { NameServer } from "./server.ts";
import { newNameServer } from "./server.ts";

const running: NameServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

let nextPort = 20_000 + (process.pid % 20_000);

const start = async (
  names: Readonly<Record<string, Resolution>>,
  resolvers: readonly string[] = [],
): Promise<string> => {
  nextPort += 1;
  const server = newNameServer({
    port: nextPort,
    resolve: (_client, { name, type }) => names[`${name} ${type}`] ?? { kind: "foreign" },
    resolvers: () => resolvers,
    logger: silentLogger,
  });
  running.push(server);
  await server.listen(["127.0.0.1"]);
  return `127.0.0.1:${nextPort}`;
};

const resolver = (server: string): Resolver => {
  const one = new Resolver({ timeout: 3000, tries: 1 });
  one.setServers([server]);
  return one;
};

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "answered",
    (error: unknown) => Object.fromEntries(Object.entries(error ?? {}))["code"],
  );

const addresses = (...list: string[]): Resolution => ({ kind: "addresses", addresses: list });

test("names of the cluster: addresses, no address of a family, unknown, and names of addresses", async () => {
  const server = await start({
    "web A": addresses("10.0.5.4"),
    "web AAAA": addresses(),
    "six AAAA": addresses("fd00::4"),
    "nothing A": { kind: "unknown" },
    "4.5.0.10.in-addr.arpa PTR": { kind: "name", name: "web.back" },
  });
  expect(await resolver(server).resolve4("web")).toEqual(["10.0.5.4"]);
  expect(await code(resolver(server).resolve6("web"))).toBe("ENODATA");
  expect(await resolver(server).resolve6("six")).toEqual(["fd00::4"]);
  expect(await code(resolver(server).resolve4("nothing"))).toBe("ENOTFOUND");
  expect(await resolver(server).reverse("10.0.5.4")).toEqual(["web.back"]);
});

test("an answer that is too long for UDP comes over TCP", async () => {
  const many = Array.from({ length: 200 }, (_, index) => `10.0.6.${index + 1}`);
  const server = await start({ "tasks.web A": addresses(...many) });
  expect(await resolver(server).resolve4("tasks.web")).toEqual(many);
});

test("other names are asked upstream, in turn; when nobody answers the client is told", async () => {
  const upstream = await start({ "example.com A": addresses("192.0.2.1") });
  const server = await start({}, ["127.0.0.1:9", upstream]);
  expect(await resolver(server).resolve4("example.com")).toEqual(["192.0.2.1"]);
  const alone = await start({}, []);
  expect(await code(resolver(alone).resolve4("example.com"))).toBe("ESERVFAIL");
});

test("an address that is taken is named; addresses that are no longer listed are let go", async () => {
  const server = newNameServer({
    port: (nextPort += 1),
    resolve: () => addresses("10.0.5.4"),
    resolvers: () => [],
    logger: silentLogger,
  });
  running.push(server);
  await server.listen(["127.0.0.1"]);
  const other = newNameServer({
    port: nextPort,
    resolve: () => addresses(),
    resolvers: () => [],
    logger: silentLogger,
  });
  running.push(other);
  await expect(other.listen(["127.0.0.1", "127.0.0.2"])).rejects.toThrow(
    `cannot answer names on 127.0.0.1:${nextPort}`,
  );
  expect(await code(resolver(`127.0.0.2:${nextPort}`).resolve4("x"))).toBe("ENODATA");
  await server.listen([]);
  await other.listen(["127.0.0.1"]);
  expect(await code(resolver(`127.0.0.1:${nextPort}`).resolve4("x"))).toBe("ENODATA");
});

test("over UDP a long answer is cut at once and says so; a client that takes more gets it whole", async () => {
  const many = Array.from({ length: 60 }, (_, index) => `10.0.6.${index + 1}`);
  const [host = "", port = ""] = (await start({ "tasks.web A": addresses(...many) })).split(":");
  const ask = async (udpPayloadSize: number | undefined): Promise<DecodedPacket> => {
    const socket = createSocket("udp4");
    const opt = { type: "OPT", name: ".", udpPayloadSize, flags: 0, options: [] } as const;
    const query = encode({
      type: "query",
      id: 7,
      questions: [{ type: "A", name: "tasks.web" }],
      ...(udpPayloadSize === undefined ? {} : { additionals: [opt as unknown as OptAnswer] }),
    });
    const answer = once(socket, "message");
    socket.send(query, Number(port), host);
    const [message] = (await answer) as [Buffer];
    socket.close();
    return decode(message);
  };
  const short = await ask(undefined);
  expect([short.flag_tc, short.answers?.length]).toEqual([true, 0]);
  const whole = await ask(4096);
  expect([whole.flag_tc, whole.answers?.length]).toEqual([false, 60]);
});

test("names are answered on IPv6 addresses too, known by the client's IPv6 address", async () => {
  const clients: string[] = [];
  const server = newNameServer({
    port: (nextPort += 1),
    resolve: (client) => {
      clients.push(client);
      return addresses("fd00::4");
    },
    resolvers: () => [],
    logger: silentLogger,
  });
  running.push(server);
  await server.listen(["::1"]);
  expect(await resolver(`[::1]:${nextPort}`).resolve6("web")).toEqual(["fd00::4"]);
  expect(clients).toEqual(["::1"]);
});
