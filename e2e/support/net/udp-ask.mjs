// Asks a server.mjs over UDP from one port, and prints its answer. Exits with 1 when there is none.
//   node udp-ask.mjs HOST PORT OWN-PORT
import { createSocket } from "node:dgram";

const TIMEOUT_MS = 2_000;
const [host, port, own] = process.argv.slice(2);

const socket = createSocket("udp4");
socket.on("message", (answer) => {
  process.stdout.write(`${answer}\n`);
  process.exit(0);
});
socket.on("error", () => process.exit(1));
setTimeout(() => process.exit(1), TIMEOUT_MS);
// Connected sockets hear of ICMP errors.
socket.bind(Number(own), () => socket.connect(Number(port), host, () => socket.send("who?")));
