import { createServer, connect } from "node:net";
import type { Server } from "node:net";
import { messageOf, OperationError } from "@skein/base";
import type { Random } from "@skein/base";
import type { ReachProof } from "@skein/model";
import { parseAddress } from "./dial.ts";

const WORD_BYTES = 16;
/** What is read of an answer: more than a word, so that a longer one differs. */
const ANSWER_BYTES = 64;

/** A host that waits to be dialed. */
export interface ReachOffer {
  readonly proof: ReachProof;
  close(): Promise<void>;
}

const bound = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });

/**
 * Says a random word to everyone who connects, so that a manager that dials this host's address knows
 * that it got here. Never rejects: that the port can't be bound is part of the offer.
 */
export const offerReach = async (
  { host, port }: { readonly host: string; readonly port: number },
  random: Random,
): Promise<ReachOffer> => {
  const word = Buffer.from(random.bytes(WORD_BYTES)).toString("hex");
  const server = createServer((socket) => {
    socket.on("error", () => {}); // whoever hangs up has read enough
    socket.end(word);
  });
  try {
    await bound(server, host, port);
  } catch (error) {
    const proof = { kind: "cannot-listen", reason: messageOf(error) } as const;
    return { proof, close: () => Promise.resolve() };
  }
  return { proof: { kind: "listens", word }, close: () => closed(server) };
};

const answerOf = (address: string, timeoutMs: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(parseAddress(address));
    let answer = "";
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.setEncoding("latin1");
    socket.once("error", reject);
    socket.on("data", (piece) => {
      answer += String(piece);
      if (answer.length >= ANSWER_BYTES) socket.destroy();
    });
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });

/**
 * Dials a host that is to be a manager, at the address that it gives. Rejects (kind
 * `failed-precondition`), naming address and port, when it is not reached there.
 */
export const checkReach = async (
  address: string,
  proof: ReachProof,
  timeoutMs: number,
): Promise<void> => {
  const refuse = (reason: string): OperationError =>
    new OperationError(
      "failed-precondition",
      `the other managers can't reach the joining node at its address ${address} (TCP): ${reason}. ` +
        "Open that port to them, or name another address with --advertise-addr",
    );
  if (proof.kind === "cannot-listen") throw refuse(`it can't listen there: ${proof.reason}`);
  const answer = await answerOf(address, timeoutMs).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  if (answer !== proof.word) throw refuse("another host or program answers there");
};
