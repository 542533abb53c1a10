// Asks the demo image over and over, a new connection for each request, until its input ends.
//   node http-load.mjs HOST PORT
//     -> {"asked":N,"answers":{HOSTNAME:N},"checked":N,"failed":{REASON:N}}
// Each answer must say who gives it; some also say which client they see, which must be this one.
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const TIMEOUT_MS = 10_000;
const AT_ONCE = 8;
/** Between two requests of one of them: about 200 in a second, so that the machine is left to the others. */
const PAUSE_MS = 40;
/** One of so many asks a program whom it sees, which costs much more than a page. */
const CHECK_EVERY = 20;
/** So often it says on stderr how many were asked. */
const PROGRESS = 200;
const [host, port] = process.argv.slice(2);
const answers = {};
const failed = {};
let asked = 0;
let checked = 0;
let over = false;

const ask = (path) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port) }, () =>
      socket.write(`GET ${path} HTTP/1.0\r\n\r\n`),
    );
    let text = "";
    let own = "";
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("timed out")));
    socket.on("data", (data) => {
      own = socket.localAddress;
      text += data;
    });
    socket.once("error", reject);
    socket.once("close", () => resolve({ text: text.split("\r\n\r\n")[1]?.trim() ?? "", own }));
  });

const page = async () => {
  const { text } = await ask("/");
  const [, name] = /^hello from (\w+), version \d$/.exec(text) ?? [];
  if (name === undefined) throw new Error(`answer "${text}"`);
  return name;
};

const check = async () => {
  const { text, own } = await ask("/cgi-bin/who");
  const [, name, saw] = /^(\w+) saw \[?(?:::ffff:)?([^\]\s]+)/.exec(text) ?? [];
  if (saw !== own) throw new Error(`answer "${text}" to ${own}`);
  checked += 1;
  return name;
};

const work = async () => {
  while (!over) {
    asked += 1;
    if (asked % PROGRESS === 0) process.stderr.write(`${asked}\n`);
    const began = Date.now();
    try {
      const name = await (asked % CHECK_EVERY === 0 ? check() : page());
      answers[name] = (answers[name] ?? 0) + 1;
    } catch (error) {
      const when = `${new Date(began).toISOString()} + ${Date.now() - began} ms`;
      const reason = `${error.code ?? error.message} at ${when}`;
      failed[reason] = (failed[reason] ?? 0) + 1;
    }
    await pause(PAUSE_MS);
  }
};

process.stdin.resume();
process.stdin.once("end", () => {
  over = true;
});
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.stdout.write(`${JSON.stringify({ asked, answers, checked, failed })}\n`);
process.exit(0);
