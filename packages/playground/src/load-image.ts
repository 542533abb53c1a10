import { accessSync, constants, createReadStream } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { messageOf, OperationError } from "@skein/base";
import type { HostPlan } from "./plan.ts";

/** Sends the archive to the engine, piece by piece; resolves to the head of its answer. */
const send = (host: HostPlan, file: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: host.engineSocket,
      method: "POST",
      path: "/images/load?quiet=1",
      headers: { "content-type": "application/x-tar" },
    });
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
    pipeline(createReadStream(file), outgoing).catch(reject);
  });

/** What an engine says while it loads: lines of JSON, the last of which may be an error. */
const readAnswer = (answer: string): { readonly said: string; readonly error?: string } => {
  let said = "";
  for (const line of answer.split("\n").filter((each) => each.trim() !== "")) {
    const { stream, error } = JSON.parse(line) as {
      readonly stream?: string;
      readonly error?: string;
    };
    if (error !== undefined) return { said, error };
    said += stream ?? "";
  }
  return { said: said.trim() };
};

/** Loads the images in the archive `file` on the host; resolves to what its engine said. */
export const loadImage = async (host: HostPlan, file: string): Promise<string> => {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new OperationError("not-found", `cannot read ${file}: ${messageOf(error)}`);
  }
  const incoming = await send(host, file);
  const body = await text(incoming);
  const { said, error } =
    (incoming.statusCode ?? 500) < 400 ? readAnswer(body) : { said: "", error: body.trim() };
  if (error !== undefined)
    throw new OperationError("invalid-parameter", `${host.name} refuses ${file}: ${error}`);
  return said;
};
