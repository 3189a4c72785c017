import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { appendFile, cp, readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loneHost } from "./attack.ts";
import { digestOfFile, digestsBelow, writeNoise } from "./content.ts";
import { Disk } from "./disks.ts";
import type { TestHost } from "./harness.ts";
import { Bench, until } from "./harness.ts";
import { fetchOn, put } from "./household.ts";
import { MIB, sized } from "./size.ts";

// A power cut is played by copying the disk while its writer stands still: what the kernel holds in memory is not in the copy. A host that
// starts on the copy must have everything that the writer had acknowledged by then.

const WRITERS = 8;
/** Longest time between two cuts. */
const APART_MS = 500;

/** Puts records into a host as fast as it takes them, and notes what was acknowledged. */
class Load {
  readonly acknowledged = new Map<string, string>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: WRITERS });
  readonly #unsynced: string;
  readonly #working: Promise<unknown>;
  #isOver = false;

  /** @param unsynced a file on the same disk that gets a line for each acknowledged record and is never synced */
  constructor(host: TestHost, token: string, unsynced: string) {
    this.#unsynced = unsynced;
    this.#working = Promise.all(Array.from({ length: WRITERS }, (_, at) => this.#write(host.httpPort, token, at)));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#working;
    this.#agent.destroy();
  }

  async #write(port: number, token: string, writer: number): Promise<void> {
    for (let at = 0; !this.#isOver; at += 1) {
      const key = `${writer}/${at}`;
      const base64 = randomBytes(randomInt(1, 2000)).toString("base64");
      const status = await this.#post(port, token, JSON.stringify({ key, base64, supersedes: "blind" }));
      assert.equal(status, 200);
      this.acknowledged.set(key, base64);
      await appendFile(this.#unsynced, `${key}\n`);
    }
  }

  #post(port: number, token: string, body: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const headers = { host: `127.0.0.1:${port}`, authorization: `Bearer ${token}`, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request({ agent: this.#agent, host: "127.0.0.1", port, path: "/api/kv/notes/write", method: "POST", headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject).end(body);
    return promise;
  }
}

interface Cut {
  readonly image: string;
  readonly acknowledged: ReadonlyMap<string, string>;
}

/** Stops the writer where it stands and copies the disk. What was acknowledged before it stopped had to be on the disk. */
async function cut(host: TestHost, disk: Disk, { acknowledged }: { readonly acknowledged: ReadonlyMap<string, string> }, image: string): Promise<Cut> {
  process.kill(host.pid, "SIGSTOP");
  await until("the writer stands still", 5_000, async () => /^State:\s+T/m.test(await readFile(`/proc/${host.pid}/status`, "utf8")));
  await disk.copyTo(image);
  return { image, acknowledged: new Map(acknowledged) };
}

/** Starts a host on what was left, unattended, and counts what is missing: of what was acknowledged, and of what nobody synced. */
async function lossesAfter(bench: Bench, name: string, { image, acknowledged }: Cut): Promise<{ readonly records: number; readonly unsynced: number }> {
  const host = bench.host(name);
  await using disk = await Disk.mounted(host, image);
  const lines = new Set((await readFile(join(disk.folder, "unsynced"), "utf8").catch(() => "")).split("\n"));
  await host.up();
  const rows = (await host.run(["kv", "scan", "notes", "--json"])).rows<{ key: string; values: { base64: string }[] }>();
  const found = new Map(rows.map(({ key, values }) => [key, values.map(({ base64 }) => base64).join()]));
  await host.kill();
  return { records: [...acknowledged].filter(([key, base64]) => found.get(key) !== base64).length, unsynced: [...acknowledged.keys()].filter((key) => !lines.has(key)).length };
}

test("a power cut at any moment loses no acknowledged record, and the host starts again by itself", { timeout: 600_000 }, async (t) => {
  await using bench = await Bench.make();
  await using disk = await Disk.ext4(bench.host("attic"), 1024 * MIB);
  const attic = await loneHost(bench, "attic", "500MB");
  const { token } = JSON.parse(await readFile(join(attic.data, "api.json"), "utf8")) as { token: string };
  const load = new Load(attic, token, join(disk.folder, "unsynced"));
  const rounds = sized(50, 5);
  let unsynced = 0;
  try {
    await until("it writes", 10_000, () => load.acknowledged.size > 0);
    for (let round = 0; round < rounds; round += 1) {
      await sleep(randomInt(APART_MS));
      const name = `after${round}`;
      const made = await cut(attic, disk, load, join(bench.folder, `${name}.img`));
      // The writer stands still meanwhile, or each look would take longer than the one before.
      const lost = await lossesAfter(bench, name, made);
      process.kill(attic.pid, "SIGCONT");
      assert.equal(lost.records, 0, `of ${made.acknowledged.size} acknowledged records ${lost.records} are lost after cut ${round}`);
      unsynced += lost.unsynced;
    }
  } finally {
    process.kill(attic.pid, "SIGCONT");
    await load.stop();
  }
  t.diagnostic(`${load.acknowledged.size} records acknowledged, ${rounds} cuts, no record lost; of lines that were written and not synced ${unsynced} were`);
  assert.ok(unsynced > 0, "the cuts are real: what was not synced is lost");
});

/** Puts private files into a host, one after another, and notes what was acknowledged: id → SHA-256. */
class Putting {
  readonly acknowledged = new Map<string, string>();
  readonly #working: Promise<void>;
  #isOver = false;

  constructor(bench: Bench, host: TestHost) {
    this.#working = this.#put(bench, host);
  }

  stop(): Promise<void> {
    this.#isOver = true;
    return this.#working;
  }

  async #put(bench: Bench, host: TestHost): Promise<void> {
    const path = join(bench.folder, "diary.bin");
    while (!this.#isOver) {
      await writeNoise(path, randomInt(1, 4 * MIB));
      this.acknowledged.set(await put(host, path), await digestOfFile(path));
    }
  }
}

test("a power cut while private files are put, between a piece and its record too, loses none that was acknowledged", { timeout: 600_000 }, async (t) => {
  await using bench = await Bench.make();
  await using disk = await Disk.ext4(bench.host("attic"), 1024 * MIB);
  const attic = await loneHost(bench, "attic", "900MB");
  const putting = new Putting(bench, attic);
  const rounds = sized(20, 2);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const least = putting.acknowledged.size + 1;
      await until("one more is acknowledged", 60_000, () => putting.acknowledged.size >= least);
      await sleep(randomInt(APART_MS));
      const { image, acknowledged } = await cut(attic, disk, putting, join(bench.folder, `after${round}.img`));
      const host = bench.host(`after${round}`);
      // The person's key lies on their own disk, not on the host's.
      await cp(attic.config, host.config, { recursive: true });
      await using _disk = await Disk.mounted(host, image);
      await host.up();
      for (const [id, digest] of acknowledged) assert.deepEqual([...(await digestsBelow(await fetchOn(host, id))).values()], [digest], `${id} after cut ${round}`);
      await host.kill();
      process.kill(attic.pid, "SIGCONT");
    }
  } finally {
    process.kill(attic.pid, "SIGCONT");
    await putting.stop();
  }
  t.diagnostic(`${putting.acknowledged.size} files acknowledged, ${rounds} cuts, no file lost`);
});
