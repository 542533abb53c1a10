// A task: answers on TCP and UDP with its name and with the address of who asks.
// node server.mjs NAME PORT
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const [name, port] = process.argv.slice(2);
const plain = (address) => address.replace("::ffff:", "");

const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.write(`${name} ${plain(socket.remoteAddress ?? "")}\n`);
  socket.on("data", () => socket.write(`${name}\n`));
});
server.listen({ host: "::", port: Number(port), backlog: 4096 });

const udp = createSocket("udp6");
udp.on("message", (_, { address, port: from }) =>
  udp.send(`${name} ${plain(address)}`, from, address),
);
udp.bind(Number(port));

udp.on("listening", () => process.stdout.write("ready\n"));
