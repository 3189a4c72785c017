// Opens connections to a web server, has each ask for a page once, and keeps them open without a word. Arguments: port, Host header, number.
// Says a line of JSON when all have been answered, and ends with its input.

import { connect } from "node:net";

const [port, host, total] = [Number(process.argv[2]), process.argv[3]!, Number(process.argv[4])];
/** Connections that are being opened at once: a server takes so many in at a turn. */
const AT_ONCE = 100;

function open(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1", () => socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  socket.once("data", () => resolve()).once("error", reject).once("close", () => reject(new Error("the server closed an idle connection")));
  return promise;
}

let left = total;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (left > 0) {
      left -= 1;
      await open();
    }
  }),
);
process.stdout.write(`${JSON.stringify({ open: total })}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
