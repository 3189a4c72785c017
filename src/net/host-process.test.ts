import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostId } from "../codec/index.ts";
import { fromUtf8, utf8 } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { BULK, encodeCredit, encodeOpen } from "./bulk-frames.ts";
import { MIB, SOON, code, nextEvent } from "./contract-pair.ts";
import type { Liveness } from "./keepalive.ts";
import { createTransport } from "./libp2p-transport.ts";
import type { BulkStream, Transport } from "./port.ts";
import { MAX_BULK_FRAME } from "./port.ts";
import { BULK_LINE_PROTOCOL, BULK_PROTOCOL } from "./protocols.ts";
import { RawPeer, RawStream } from "./raw-peer.fixture.ts";

const env = machineEnv(silentLog);
const IMPATIENT = { pingEveryMs: 300, missesMax: 4 };
/** The default budget of a transport, and what garbage and buffers on their way may add. */
const BUDGET_BYTES = 256 * MIB;
const SLACK_BYTES = 96 * MIB;

interface Memory {
  readonly residentBytes: number;
  readonly bufferBytes: number;
  readonly held: number;
}

class HostProcess {
  readonly process: ChildProcess;
  readonly self: HostId;
  readonly addresses: readonly string[];

  private constructor(process: ChildProcess, { self, addresses }: { readonly self: HostId; readonly addresses: readonly string[] }) {
    this.process = process;
    this.self = self;
    this.addresses = addresses;
  }

  static async start(): Promise<HostProcess> {
    const process = fork(new URL("./host-process.fixture.ts", import.meta.url), { execArgv: ["--expose-gc"] });
    const [greeting] = (await once(process, "message")) as [{ self: HostId; addresses: string[] }];
    return new HostProcess(process, greeting);
  }

  async memory(): Promise<Memory> {
    this.process.send("memory");
    const [memory] = (await once(this.process, "message")) as [Memory];
    return memory;
  }

  async stop(): Promise<void> {
    this.process.kill("SIGCONT");
    this.process.kill("SIGKILL");
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }
}

async function member(t: TestContext, options: { readonly liveness?: Liveness } = {}): Promise<Transport> {
  const transport = await createTransport(env, { seed: newSeed(), listen: ["127.0.0.1:0"], admission: () => "member", ...options });
  t.after(() => transport.close());
  return transport;
}

describe("a host in a process of its own", () => {
  let child: HostProcess;
  before(async () => {
    child = await HostProcess.start();
  });
  after(() => child.stop());

  test("holds no more than its receive budget for 100 streams whose readers pause", async (t) => {
    const before = await child.memory();
    const senders = await Promise.all(Array.from({ length: 4 }, () => member(t)));
    await Promise.all(senders.map((each) => each.connect(child.self, child.addresses)));
    const streams = await Promise.all(Array.from({ length: 100 }, (_, at) => senders[at % 4]!.openBulk(child.self, "hold", utf8(""))));
    let sentBytes = 0;
    const pump = async (stream: BulkStream): Promise<void> => {
      for (;;) {
        await stream.send(new Uint8Array(MAX_BULK_FRAME).fill(7));
        sentBytes += MAX_BULK_FRAME;
      }
    };
    const pumping = streams.map((stream) => pump(stream).catch(() => {}));
    while ((await child.memory()).held < 100) await sleep(50);
    for (let last = -1; last !== sentBytes; await sleep(300)) last = sentBytes;
    const { residentBytes, bufferBytes } = await child.memory();
    const grown = residentBytes - before.residentBytes;
    // Told by the buffers: what the process had free before is used for them first, and resident memory then grows by less.
    assert.ok(bufferBytes >= 100 * MAX_BULK_FRAME, `the readers hold a frame each, yet buffers have only ${Math.round(bufferBytes / MIB)} MiB`);
    assert.ok(grown < BUDGET_BYTES + SLACK_BYTES, `memory grew by ${Math.round(grown / MIB)} MiB`);
    assert.equal(fromUtf8(await senders[0]!.request(child.self, "echo", utf8("quick"), SOON)), "quick");
    for (const stream of streams) stream.abort(new Error("enough"));
    await Promise.all(pumping);
  });

  test("holds little for a peer that asks for content on many streams and then reads none of it", async (t) => {
    const before = await child.memory();
    const raw = await RawPeer.start(env);
    t.after(() => raw.stop());
    const { connection } = await raw.stream({ self: child.self, addresses: () => child.addresses } as Transport, BULK_LINE_PROTOCOL);
    const streams = await Promise.all(Array.from({ length: 32 }, async () => new RawStream(connection, await connection.newStream([BULK_PROTOCOL]))));
    for (const each of streams) {
      each.stream.maxReadBufferLength = Infinity;
      each.frame(BULK.open, encodeOpen({ credit: 0, kind: "pour", header: utf8("") }));
      await each.next(BULK.accept);
      each.stream.pause();
      for (let at = 0; at < 4; at += 1) each.frame(BULK.credit, encodeCredit(64 * MIB));
    }
    await sleep(500);
    const grown = (await child.memory()).residentBytes - before.residentBytes;
    assert.ok(grown < 32 * 3 * MAX_BULK_FRAME + SLACK_BYTES, `memory grew by ${Math.round(grown / MIB)} MiB`);
  });

  test("slows only itself when it is stopped, counts as down soon, and comes back when it goes on", async (t) => {
    const [one, two] = await Promise.all([member(t, { liveness: IMPATIENT }), member(t)]);
    two.handle("echo", (_from, body) => Promise.resolve(body));
    await Promise.all([one.connect(child.self, child.addresses), one.connect(two.self, two.addresses())]);
    const down = nextEvent(one, "down", child.self);
    child.process.kill("SIGSTOP");
    const stopped = performance.now();
    await assert.rejects(one.request(child.self, "echo", utf8(""), { timeoutMs: 300 }), code("DEADLINE"));
    assert.equal(fromUtf8(await one.request(two.self, "echo", utf8("quick"), { timeoutMs: 300 })), "quick");
    await down;
    assert.ok(performance.now() - stopped < 2 * (IMPATIENT.missesMax + 1) * IMPATIENT.pingEveryMs);
    assert.deepEqual(one.connected(), [two.self]);
    child.process.kill("SIGCONT");
    await one.connect(child.self, child.addresses);
    assert.equal(fromUtf8(await one.request(child.self, "echo", utf8("back"), SOON)), "back");
  });

  test("control requests are answered while bulk fills the other connection", async (t) => {
    const one = await member(t);
    await one.connect(child.self, child.addresses);
    const stop = new AbortController();
    const streams = await Promise.all(Array.from({ length: 4 }, () => one.openBulk(child.self, "count", utf8(""), stop.signal)));
    let frames = 0;
    const pumping = streams.map(async (stream) => {
      for (; !stop.signal.aborted; frames += 1) await stream.send(new Uint8Array(MIB));
    });
    const counts: number[] = [];
    for (let at = 0; at < 50; at += 1) {
      await one.request(child.self, "echo", utf8("beat"), SOON);
      counts.push(frames);
    }
    stop.abort(new Error("enough"));
    await Promise.allSettled(pumping);
    // Behind the bulk's own queue each request would see windows of many MiB go by first.
    assert.ok(counts.at(-1)! > counts[0]!, "bulk was running meanwhile");
    assert.ok((counts.at(-1)! - counts[0]!) / 49 < 16, `${(counts.at(-1)! - counts[0]!) / 49} MiB of bulk passed for each request`);
  });

  test("being killed is noticed at once by the end of its connection", async (t) => {
    const one = await member(t);
    await one.connect(child.self, child.addresses);
    const down = nextEvent(one, "down", child.self);
    const asked = assert.rejects(one.request(child.self, "missing-because-killed", utf8(""), SOON));
    await child.stop();
    await Promise.all([down, asked]);
  });
});
