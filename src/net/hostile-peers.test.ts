import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import type { HostId } from "../codec/index.ts";
import { concatBytes, fromUtf8, utf8 } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { BEGIN_BELOW_BYTES } from "./answerer.ts";
import { REQUESTS_AT_ONCE } from "./asker.ts";
import { BULK, encodeCredit, encodeOpen } from "./bulk-frames.ts";
import { SOON, code, connected, hostOf, nextEvent } from "./contract-pair.ts";
import { CONTROL, CONTROL_VERSION, decodeFailureFrame, encodeId } from "./control-frames.ts";
import { frameHead } from "./frame-reader.ts";
import { KIND_AT_ONCE } from "./kind-turns.ts";
import { createTransport } from "./libp2p-transport.ts";
import type { Standing, Transport } from "./port.ts";
import { MAX_MESSAGE, REDEEM } from "./port.ts";
import { BULK_LINE_PROTOCOL, BULK_PROTOCOL, CONTROL_PROTOCOL } from "./protocols.ts";
import { RawPeer, RawStream } from "./raw-peer.fixture.ts";
import { WRITE_BYTES } from "./stream-wire.ts";

const env = machineEnv(silentLog);
const LIVENESS = { pingEveryMs: 100, missesMax: 3 };

describe("a host with hostile peers", () => {
  let host: Transport;
  let honest: Transport;
  let raw: RawPeer;
  const standings = new Map<HostId, Standing>();
  let inviteSeed: Uint8Array;
  let made = 0;

  before(async () => {
    const admission = (key: string): Standing => standings.get(key as HostId) ?? "stranger";
    host = await createTransport(env, { seed: newSeed(), listen: ["127.0.0.1:0"], admission, liveness: LIVENESS, stallMs: 2_000 });
    honest = await createTransport(env, { seed: newSeed(), listen: ["127.0.0.1:0"], admission });
    raw = await RawPeer.start(env, newSeed(), ["/ip4/127.0.0.1/tcp/0"]);
    for (const each of [host.self, honest.self, raw.id]) standings.set(each, "member");
    host.handle("echo", (_from, body) => Promise.resolve(body));
    host.handle("wait", () => new Promise(() => {}));
    host.handle("much", () => {
      made += 1;
      return Promise.resolve(new Uint8Array(MAX_MESSAGE));
    });
    host.handle(REDEEM, (_from, body) => Promise.resolve(body));
    host.handleBulk("take", async (_from, _header, stream) => {
      for await (const frame of stream.frames()) void frame;
    });
    await honest.connect(host.self, host.addresses());
  });

  beforeEach(() => {
    inviteSeed = newSeed();
    standings.set(hostOf(inviteSeed), "invite");
  });

  after(async () => {
    await Promise.all([host.close(), honest.close(), raw.stop()]);
  });

  async function control(peer = raw): Promise<RawStream> {
    const stream = await peer.stream(host, CONTROL_PROTOCOL);
    stream.hello();
    await stream.next(CONTROL.hello);
    return stream;
  }

  async function stillServesTheHonest(): Promise<void> {
    assert.equal(fromUtf8(await honest.request(host.self, "echo", utf8("fine"), SOON)), "fine");
  }

  const wrong: [string, (stream: RawStream) => void][] = [
    ["announces a frame of 4 GiB", (stream) => stream.send(frameHead(CONTROL.request, 2 ** 32 - 1))],
    ["announces a request just longer than allowed", (stream) => stream.send(frameHead(CONTROL.request, MAX_MESSAGE + 200))],
    ["sends a frame of unknown type", (stream) => stream.frame(99)],
    ["sends garbage", (stream) => stream.send(concatBytes(Uint8Array.of(0xff), randomBytes(5000)))],
    ["sends a request that ends in the middle of its kind", (stream) => stream.frame(CONTROL.request, encodeId(1), Uint8Array.of(60), utf8("short"))],
    ["sends a request whose kind is no text", (stream) => stream.frame(CONTROL.request, encodeId(1), Uint8Array.of(2, 0xff, 0xfe))],
    ["sends an empty request", (stream) => stream.frame(CONTROL.request)],
    ["answers what was not asked", (stream) => stream.frame(CONTROL.answer, encodeId(7), utf8("surprise"))],
    ["fails what was not asked", (stream) => stream.frame(CONTROL.failure, encodeId(7), Uint8Array.of(1, 65))],
    ["retires a channel twice", (stream) => [1, 2].forEach(() => stream.frame(CONTROL.retire))],
    ["greets twice", (stream) => stream.hello()],
    ["uses a request's number twice", (stream) => [1, 1].forEach((id) => stream.request(id, "wait"))],
    ["has more requests under way than agreed", (stream) => Array.from({ length: REQUESTS_AT_ONCE + 1 }, (_, id) => stream.request(id, "wait"))],
    ["has more bytes of requests under way than agreed", (stream) => Array.from({ length: 5 }, (_, id) => stream.request(id, "wait", new Uint8Array(MAX_MESSAGE)))],
  ];
  for (const [what, say] of wrong) {
    test(`drops a member that ${what}, and serves the others`, async () => {
      const stream = await control();
      say(stream);
      await stream.closed;
      await stillServesTheHonest();
    });
  }

  test("drops a member that speaks before greeting, or greets in another version", async () => {
    const early = await raw.stream(host, CONTROL_PROTOCOL);
    early.request(1, "echo");
    await early.closed;
    const other = await raw.stream(host, CONTROL_PROTOCOL);
    other.frame(CONTROL.hello, Uint8Array.of(CONTROL_VERSION + 1), new Uint8Array(16));
    await other.closed;
  });

  test("drops a connection whose yamux announces a frame of 4 GiB", async () => {
    const { connection, closed } = await control();
    const announced = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255);
    // The muxer itself would not write such a head, so it is written past it.
    (connection as unknown as { muxer: { maConn: { send(bytes: Uint8Array): void } } }).muxer.maConn.send(announced);
    await closed;
    await stillServesTheHonest();
  });

  test("ends a bulk stream that sends without having room, while others on the connection go on", async () => {
    const line = await raw.stream(host, BULK_LINE_PROTOCOL);
    const [good, bad] = await Promise.all([0, 1].map(async () => line.connection.newStream([BULK_PROTOCOL])));
    const [goodStream, badStream] = [new RawStream(line.connection, good!), new RawStream(line.connection, bad!)];
    for (const each of [goodStream, badStream]) {
      each.frame(BULK.open, encodeOpen({ credit: 0, kind: "take", header: utf8("") }));
      await each.next(BULK.accept);
    }
    badStream.frame(BULK.credit, encodeCredit(2 ** 31));
    await badStream.closed;
    goodStream.frame(BULK.data, new Uint8Array(1000));
    goodStream.frame(BULK.finish);
    await goodStream.next(BULK.done);
    const third = new RawStream(line.connection, await line.connection.newStream([BULK_PROTOCOL]));
    third.frame(BULK.data, new Uint8Array(1000));
    await third.closed;
  });

  test("refuses a stranger before any stream", async () => {
    const stranger = await RawPeer.start(env);
    await assert.rejects(stranger.stream(host, CONTROL_PROTOCOL));
    await assert.rejects(stranger.stream(host, BULK_PROTOCOL));
    await stranger.stop();
  });

  test("lets an invite redeem and do nothing else", async () => {
    const invited = await RawPeer.start(env, inviteSeed);
    const stream = await control(invited);
    stream.request(1, "echo");
    assert.equal(decodeFailureFrame(await stream.next(CONTROL.failure)).failure.code, "STRANGER");
    stream.request(2, REDEEM, utf8("me"));
    assert.equal(fromUtf8((await stream.next(CONTROL.answer)).subarray(4)), "me");
    for (const protocol of [BULK_PROTOCOL, BULK_LINE_PROTOCOL]) {
      const bulk = await invited.stream(host, protocol).catch(() => undefined);
      await bulk?.closed;
    }
    assert.ok(!host.connected().includes(invited.id));
    await invited.stop();
  });

  test("drops an invite that asks for too much, too often or too much at once", async () => {
    const invited = await RawPeer.start(env, inviteSeed);
    const long = await control(invited);
    long.send(frameHead(CONTROL.request, 70 * 1024));
    await long.closed;
    const often = await control(invited);
    for (let id = 0; id < 4; id += 1) {
      often.request(id, REDEEM);
      await often.next(CONTROL.answer);
    }
    often.request(5, REDEEM);
    await often.closed;
    await invited.stop();
  });

  test("holds at most a few connections of one member", async () => {
    const connections = await Promise.allSettled(Array.from({ length: 12 }, () => raw.stream(host, BULK_LINE_PROTOCOL)));
    const made = connections.flatMap((each) => (each.status === "fulfilled" ? [each.value.connection] : []));
    assert.ok(made.length <= 6, `${made.length} connections`);
    await stillServesTheHonest();
    for (const each of made) each.abort(new Error("enough"));
  });

  test("notices a member that greets and then says nothing more", async () => {
    const up = connected(host, raw.id);
    await control();
    await up;
    const asked = host.request(raw.id, "anything", utf8(""), SOON);
    const down = nextEvent(host, "down", raw.id);
    await assert.rejects(asked, code("UNREACHABLE"));
    await down;
    await stillServesTheHonest();
  });

  test("drops a member that asks for more than it reads, before its answers fill the memory", async () => {
    const up = connected(host, raw.id);
    const stream = await control();
    stream.stream.maxReadBufferLength = Infinity;
    await up;
    const talking = setInterval(() => stream.frame(CONTROL.ping), 50);
    stream.stream.pause();
    // A paused stream announces no more room, so this is all that the host can still get rid of.
    const { recvWindowCapacity: roomBytes } = stream.stream as unknown as { recvWindowCapacity: number };
    made = 0;
    const down = nextEvent(host, "down", raw.id);
    for (let id = 0; id < REQUESTS_AT_ONCE; id += 1) stream.request(id, "much");
    await down;
    clearInterval(talking);
    // An answer gives its turn away once it is queued, and none is begun above BEGIN_BELOW_BYTES of queue. So beside those that have their turn
    // there are at most as many as fit below that, into the window, and into the one write that the stream holds back.
    const queued = Math.floor((BEGIN_BELOW_BYTES + roomBytes + WRITE_BYTES) / MAX_MESSAGE);
    assert.ok(made > 0 && made <= KIND_AT_ONCE + queued, `${made} answers of 4 MiB were made that nobody reads, more than ${KIND_AT_ONCE} and ${queued}`);
    await stillServesTheHonest();
  });
});
