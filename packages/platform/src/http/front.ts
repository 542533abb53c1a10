import type { Duplex } from "node:stream";
import { PLAIN_HIJACK } from "./hijack.ts";

const HEAD_END = "\r\n\r\n";
/** More head than this goes to the HTTP parser as it is, which then refuses it. */
const MAX_HEAD = 64 * 1024;

/** Requests that turn their connection into a stream even when they do not ask for an upgrade. */
const hijacking =
  /^POST (?:\/v[0-9.]+)?\/(?:containers\/[^/ ?]+\/attach|exec\/[^/ ?]+\/start)(?:\?[^ ]*)? HTTP\/1\.1\r\n/;

const detached = /"Detach"\s*:\s*true/i;

/** The head with an upgrade in it and a mark, if it hijacks without one; undefined otherwise. */
export const markPlainHijack = (text: string): string | undefined => {
  const end = text.indexOf(HEAD_END);
  if (end < 0 || !hijacking.test(text)) return undefined;
  const head = text.slice(0, end);
  if (/\r\nUpgrade:/i.test(head) || /\r\nTransfer-Encoding:/i.test(head)) return undefined;
  if (detached.test(text.slice(end))) return undefined;
  const lines = head.split("\r\n").filter((line) => !/^connection:/i.test(line));
  lines.push("Connection: Upgrade", "Upgrade: tcp", `${PLAIN_HIJACK}: 1`);
  return lines.join("\r\n") + text.slice(end);
};

/**
 * Looks at the first request of a connection before the HTTP parser does. The parser hands over the
 * raw connection only for requests with an `Upgrade` header; clients that hijack without one
 * (as Docker's API allows) get it added here. Later requests of the connection are not looked at.
 */
export const lookAtFirstRequest = (connection: Duplex, proceed: () => void): void => {
  let seen = Buffer.alloc(0);
  const done = (bytes: Buffer): void => {
    connection.off("data", take);
    connection.off("end", ended);
    connection.off("close", closed);
    connection.pause();
    if (bytes.length > 0) connection.unshift(bytes);
    proceed();
    connection.resume();
  };
  const take = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    // Latin-1 keeps every byte as it is.
    const text = seen.toString("latin1");
    if (!text.startsWith("POST ".slice(0, text.length))) done(seen);
    else if (text.includes(HEAD_END) || seen.length > MAX_HEAD) {
      const marked = markPlainHijack(text);
      done(marked === undefined ? seen : Buffer.from(marked, "latin1"));
    }
  };
  const ended = (): void => {
    connection.destroy();
  };
  const closed = (): void => {
    connection.off("data", take);
    connection.off("end", ended);
  };
  connection.on("data", take);
  connection.once("end", ended);
  connection.once("close", closed);
};
