// Asks the name server of a container over and over, until it knows a name; prints when, in ms since the epoch.
//   node dns-wait.mjs NAME      says "asking" on stderr when the first answer came
import { createSocket } from "node:dgram";

/** Docker's own name server in each container; it asks ours. */
const SERVER = "127.0.0.11";
const TIMEOUT_MS = 1_000;
const name = Buffer.from(process.argv[2]);
const question = Buffer.concat([
  Buffer.from("123401000001000000000000", "hex"),
  Buffer.from([name.length]),
  name,
  Buffer.from("0000010001", "hex"),
]);

const socket = createSocket("udp4");
let timer;
const ask = () => {
  clearTimeout(timer);
  timer = setTimeout(ask, TIMEOUT_MS);
  socket.send(question);
};
socket.once("message", () => process.stderr.write("asking\n"));
socket.on("message", (answer) => {
  const [code, answers] = [answer[3] & 15, answer.readUInt16BE(6)];
  if (code !== 0 || answers === 0) return ask();
  process.stdout.write(`${Date.now()}\n`);
  process.exit(0);
});
socket.connect(53, SERVER, ask);
