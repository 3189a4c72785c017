import type { RequestListener } from "node:http";
import type { Duplex } from "node:stream";

/** Requests of one connection that have come before the answer to an earlier one was done. Clients that send several at once send some ten. */
export const WAITING_MAX = 16;

/**
 * Has the requests of one connection answered one after the other (RFC 9112, 9.3.2). node:http hands out each as soon as it has come, and
 * would have what it asks for fetched and held until those before it are answered, however many there are.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Duplex, number>();
  return (request, response) => {
    if (response.socket !== null) return listener(request, response);
    const { socket } = request;
    const count = (waiting.get(socket) ?? 0) + 1;
    // Whoever sends that many must be ready to send them again on another connection.
    if (count > WAITING_MAX) return void socket.destroy();
    waiting.set(socket, count);
    response.once("socket", () => {
      waiting.set(socket, waiting.get(socket)! - 1);
      listener(request, response);
    });
  };
}
