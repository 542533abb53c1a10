import { accessSync, constants } from "node:fs";
import { messageOf, OperationError } from "@skein/base";
import { call } from "./engine-client.ts";
import type { HostPlan } from "./plan.ts";

/** Loading a large image into a busy engine takes a while, in milliseconds. */
const LOAD_MS = 600_000;

/** What an engine says while it loads: lines of JSON, the last of which may be an error. */
const textOf = (answer: string): { readonly said: string; readonly error: string | undefined } => {
  let said = "";
  for (const line of answer.split("\n").filter((each) => each.trim() !== "")) {
    const { stream, error } = JSON.parse(line) as {
      readonly stream?: string;
      readonly error?: string;
    };
    if (error !== undefined) return { said, error };
    said += stream ?? "";
  }
  return { said: said.trim(), error: undefined };
};

/** Loads the images in the archive `file` on the host; resolves to what its engine said. */
export const loadImage = async (host: HostPlan, file: string): Promise<string> => {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new OperationError("not-found", `cannot read ${file}: ${messageOf(error)}`);
  }
  const { status, text } = await call(host.engineSocket, {
    method: "POST",
    path: "/images/load?quiet=1",
    file,
    timeoutMs: LOAD_MS,
  });
  const { said, error } = status < 400 ? textOf(text) : { said: "", error: text.trim() };
  if (error !== undefined)
    throw new OperationError("invalid-parameter", `${host.name} refuses ${file}: ${error}`);
  return said;
};
