// For tests: a name server that knows TXT records, on a UDP port of the loopback address (RFC 1035, section 4).

import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";

const TXT = 16;
const NO_SUCH_NAME = 3;
const HEADER_BYTES = 12;

export class NameServer implements AsyncDisposable {
  /** By name in lower case. */
  readonly texts = new Map<string, readonly string[]>();
  /** It hears questions and says nothing. */
  isSilent = false;
  readonly asked: string[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (question, from) => {
      const answer = this.#answer(question);
      if (!this.isSilent) socket.send(answer, from.port, from.address);
    });
  }

  static async open(): Promise<NameServer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new NameServer(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  #answer(question: Buffer): Buffer {
    const labels: string[] = [];
    let at = HEADER_BYTES;
    for (let length = question[at]!; length > 0; length = question[at]!) {
      labels.push(question.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join(".").toLowerCase();
    this.asked.push(name);
    const asked = question.subarray(HEADER_BYTES, at + 5);
    const texts = this.texts.get(name);
    const answers = (texts ?? []).map((text) => {
      const strings = Buffer.concat((text.match(/[^]{1,255}/g) ?? [""]).map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part, "latin1")])));
      const fixed = Buffer.alloc(HEADER_BYTES);
      // The name is that of the question; one second to live.
      fixed.set([0xc0, HEADER_BYTES, 0, TXT, 0, 1, 0, 0, 0, 1]);
      fixed.writeUInt16BE(strings.length, 10);
      return Buffer.concat([fixed, strings]);
    });
    const header = Buffer.alloc(HEADER_BYTES);
    question.copy(header, 0, 0, 2);
    header.set([0x81, 0x80 | (texts === undefined ? NO_SUCH_NAME : 0), 0, 1, 0, answers.length], 2);
    return Buffer.concat([header, asked, ...answers]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
