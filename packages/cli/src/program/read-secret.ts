import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Swallows what readline would echo. */
const silent = (): Writable =>
  new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });

/** Reads a line from stdin, without echo when it is a terminal. */
export const readSecret = async (prompt: string): Promise<string> => {
  const { stdin, stdout } = process;
  const terminal = stdin.isTTY;
  if (terminal) stdout.write(prompt);
  const lines = createInterface({ input: stdin, output: silent(), terminal });
  try {
    for await (const line of lines) return line.trim();
    return "";
  } finally {
    lines.close();
    if (terminal) stdout.write("\n");
  }
};
