// Asks tasks who they are. One JSON command a line in, one answer a line out.
//   {"do":"tcp"|"udp","host":H,"port":P,"count":N,"from":PORT?}  -> {"answers":{TEXT:N},"failed":[...]}
//   {"do":"open","host":H,"port":P,"count":N}                    -> the same; connections are kept
//   {"do":"say"}                  each kept connection is asked  -> the same
//   {"do":"load","host":H,"port":P}     asks until {"do":"stop"} -> {}; then the same as tcp
//   {"do":"stream","host":H,"port":P}   one UDP socket is kept   -> {}; "say-udp" asks on it
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** Emulated machines take their time. */
const TIMEOUT_MS = Number(process.env.ASK_TIMEOUT_MS ?? 3_000);
/** For connections that are there: a busy machine must not look like a lost connection. */
const PATIENT_MS = 15_000;
const AT_ONCE = 32;
const kept = [];
let load;
let stream;

const tcp = ({ host, port, from, keep }) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...(from ? { localPort: from } : {}) });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("timed out")));
    let text = "";
    socket.once("error", reject);
    socket.on("data", (data) => {
      text += data;
      if (!text.includes("\n")) return;
      socket.setTimeout(0);
      if (keep) {
        socket.removeAllListeners("data");
        kept.push(socket);
      } else socket.resetAndDestroy();
      resolve(text.trim());
    });
    socket.once("close", () => reject(new Error("closed")));
  });

const askUdp = (socket, { host, port }) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timed out")), TIMEOUT_MS);
    const done = (how, value) => {
      clearTimeout(timer);
      socket.removeAllListeners("message");
      how(value);
    };
    socket.removeAllListeners("error");
    socket.on("error", (error) => done(reject, error));
    socket.on("message", (data, { address }) =>
      address === host
        ? done(resolve, String(data))
        : done(reject, new Error(`answer from ${address}`)),
    );
    // Connected sockets hear of ICMP errors.
    socket.send("who?");
  });

const openUdp = ({ host, port, from }) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.bind(from ?? 0, () => socket.connect(port, host, () => resolve(socket)));
  });

const udp = async (command) => {
  const socket = await openUdp(command);
  try {
    return await askUdp(socket, command);
  } finally {
    socket.close();
  }
};

const say = (socket) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timed out")), PATIENT_MS);
    const done = (how, value) => {
      clearTimeout(timer);
      socket.removeAllListeners("data");
      how(value);
    };
    socket.removeAllListeners("error");
    socket.once("error", (error) => done(reject, error));
    socket.once("data", (data) => done(resolve, String(data).trim()));
    if (socket.destroyed) done(reject, new Error("closed"));
    socket.write("again\n");
  });

const collect = async (count, ask, isOver = () => false) => {
  const answers = {};
  const failed = [];
  let left = count;
  const work = async () => {
    while (left > 0 && !isOver()) {
      left -= 1;
      try {
        const text = await ask(count - left - 1);
        answers[text] = (answers[text] ?? 0) + 1;
      } catch (error) {
        failed.push(error.code ?? error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work));
  return { answers, failed };
};

const commands = {
  tcp: (command) => collect(command.count ?? 1, () => tcp(command)),
  udp: (command) => collect(command.count ?? 1, () => udp(command)),
  open: (command) => collect(command.count ?? 1, () => tcp({ ...command, keep: true })),
  say: () => collect(kept.length, (index) => say(kept[index])),
  load: (command) => {
    const run = { over: false };
    run.result = collect(
      Infinity,
      () => tcp(command),
      () => run.over,
    );
    load = run;
    return {};
  },
  stop: () => {
    load.over = true;
    return load.result;
  },
  stream: async (command) => {
    stream = { socket: await openUdp(command), command };
    return {};
  },
  "say-udp": () => collect(1, () => askUdp(stream.socket, stream.command)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await commands[command.do](command))}\n`);
}
process.exit(0);
