import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { drive } from "../clients.ts";
import { FrameReader, frame } from "../thin-path.ts";

// Clients of a record store, in a process of their own: of Holdfast's over a thin path, of etcd over gRPC.

type Write = (key: string, value: Uint8Array) => Promise<void>;

export interface Order {
  readonly target: "holdfast" | "etcd";
  readonly port: number;
  readonly clients: number;
  readonly seconds: number;
}

function holdfast(port: number): Write {
  const owed = new Map<number, () => void>();
  const reader = new FrameReader((id) => {
    owed.get(id)!();
    owed.delete(id);
  });
  const socket = connect({ port, host: "127.0.0.1", noDelay: true }).on("data", (data: Buffer) => reader.take(data));
  let last = 0;
  return (key, value) => {
    const id = (last += 1);
    const name = Buffer.from(key);
    socket.write(frame(id, Buffer.concat([Buffer.of(name.length), name, value])));
    return new Promise((resolve) => owed.set(id, resolve));
  };
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

/** etcd's PutRequest: key is field 1, value field 2, in one gRPC message. */
function putRequest(key: string, value: Uint8Array): Buffer {
  const name = Buffer.from(key);
  const message = Buffer.concat([Buffer.of(0x0a, ...varint(name.length)), name, Buffer.of(0x12, ...varint(value.length)), value]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** All clients share one connection, as etcd's own client library has it. */
function etcd(port: number): Write {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const head = { ":method": "POST", ":path": "/etcdserverpb.KV/Put", "content-type": "application/grpc", te: "trailers" };
  return (key, value) =>
    new Promise((resolve, reject) => {
      const stream = session.request(head, { endStream: false });
      stream.on("trailers", (trailers) => (trailers["grpc-status"] === "0" ? resolve() : reject(new Error(`etcd answered ${String(trailers["grpc-status"])}: ${String(trailers["grpc-message"])}`))));
      stream.on("error", reject).resume();
      stream.end(putRequest(key, value));
    });
}

const ways = new Map<string, Write>();

for await (const line of createInterface({ input: process.stdin })) {
  const { target, port, clients, seconds } = JSON.parse(line) as Order;
  const write = ways.get(target) ?? (target === "etcd" ? etcd : holdfast)(port);
  ways.set(target, write);
  process.stdout.write(`${JSON.stringify(await drive(clients, seconds, write))}\n`);
}
process.exit();
