import { randomBytes } from "node:crypto";
import { seconds, median } from "./figures.ts";
import type { Benchmark, Row, Surroundings } from "./plan.ts";
import { sized } from "./plan.ts";
import { NOTES, RecordHost, Relay } from "./record-host.ts";

const BATCH = 1_000;
const VALUE_BYTES = 256;

interface Returned {
  readonly seconds: number;
  readonly bytes: number;
}

/** Two hosts' records. One goes away and comes back; what comes over the wire meanwhile is counted. */
class Absence {
  readonly home: RecordHost;
  readonly traveller: RecordHost;

  constructor(folder: string) {
    const members = () => [this.home.self, this.traveller.self];
    this.home = new RecordHost(folder, "home", members);
    this.traveller = new RecordHost(folder, "traveller", members);
  }

  /** Writes new values for the keys from `first` on. @returns what the traveller lacks now */
  async write(first: number, count: number): Promise<Map<string, string>> {
    const written = new Map<string, string>();
    for (let at = first; at < first + count; at += BATCH) {
      const writes = Array.from({ length: Math.min(BATCH, first + count - at) }, (_, index) => ({ namespace: NOTES, key: keyOf(at + index), value: randomBytes(VALUE_BYTES) }));
      for (const { key, value } of writes) written.set(key, hexOf(value));
      await this.home.records.write(writes);
    }
    return written;
  }

  /** Brings the traveller back, and waits until it has all that it lacked. */
  async comeBack(lacking: Map<string, string>): Promise<Returned> {
    const relay = new Relay(this.home.port);
    const address = await relay.listen();
    await this.traveller.start();
    const { records } = this.traveller;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = records.onApplied((_namespace, keys) => {
      for (const key of keys) if (hexOf(records.local(NOTES, key)?.siblings[0]?.value ?? null) === lacking.get(key)) lacking.delete(key);
      if (lacking.size === 0) resolve();
    });
    const started = performance.now();
    await this.traveller.transport.connect(this.home.self, [address]);
    await promise;
    const returned = { seconds: seconds(started), bytes: relay.bytes };
    stop();
    await this.traveller.stop();
    relay.close();
    return returned;
  }
}

function keyOf(number: number): string {
  return `note ${String(number).padStart(8, "0")}`;
}

function hexOf(value: Uint8Array | null): string {
  return value === null ? "" : Buffer.from(value).toString("hex");
}

/** How long and how many bytes a host needs that was away while others went on writing. */
export const returning: Benchmark = {
  name: "return",
  async run({ size, bench, say }: Surroundings) {
    const absence = new Absence(bench.folder);
    await absence.home.start();
    const totals = sized(size, [5_000, 20_000], [50_000, 1_000_000]);
    const changes = sized(size, [100, 1_000, 4_000], [100, 1_000, 10_000]);
    const found = new Map<string, Returned>();
    let present = 0;
    for (const total of totals) {
      const first = await absence.comeBack(await absence.write(present, total - present));
      present = total;
      say(`${total} records: brought over in ${first.seconds.toFixed(1)} s`);
      for (const changed of changes) {
        const runs: Returned[] = [];
        for (let round = 0; round < 3; round += 1) runs.push(await absence.comeBack(await absence.write(0, changed)));
        const middle = { seconds: median(runs.map((run) => run.seconds)), bytes: median(runs.map((run) => run.bytes)) };
        found.set(`${total} ${changed}`, middle);
        say(`${changed} of ${total} changed: ${middle.seconds.toFixed(2)} s, ${(middle.bytes / 1e3).toFixed(0)} kB`);
      }
    }
    await absence.home.stop();
    return rows(totals as [number, number], changes, (total, changed) => found.get(`${total} ${changed}`)!);
  },
};

function rows([few, many]: readonly [number, number], changes: readonly number[], of: (total: number, changed: number) => Returned): Row[] {
  const perChange = changes.map((changed): Row => {
    const { bytes, seconds } = of(many, changed);
    const pure = changed * (VALUE_BYTES + keyOf(0).length);
    return { what: `return after ${changed} of ${many} records changed`, value: bytes / 1e3, unit: "kB", beside: { what: "keys and values alone", value: pure / 1e3, unit: "kB" }, limit: `${seconds.toFixed(2)} s; signature, Merkle path and dots of each record, and the greeting of two hosts` };
  });
  const [least, most] = [changes[0]!, changes.at(-1)!];
  const middle = changes[1]!;
  const timesMore = most / middle;
  const growth = of(many, most).bytes / of(many, middle).bytes;
  const byTotal = of(many, middle).bytes / of(few, middle).bytes;
  return [
    ...perChange,
    { what: `bytes for ${most} changes`, value: of(many, most).bytes / 1e3, unit: "kB", beside: { what: `for ${middle}`, value: of(many, middle).bytes / 1e3, unit: "kB" }, reach: { text: `grow with the changes (${timesMore} ×)`, isReached: growth < 1.3 * timesMore }, limit: "" },
    { what: `bytes for ${middle} changes of ${many} records`, value: of(many, middle).bytes / 1e3, unit: "kB", beside: { what: `of ${few}`, value: of(few, middle).bytes / 1e3, unit: "kB" }, reach: { text: "not with the total", isReached: byTotal < 2 }, limit: "twice as many when both the outbox at home and the one who returns send for the same" },
    { what: `time for ${least} changes of ${many} records`, value: of(many, least).seconds, unit: "s", beside: { what: `of ${few}`, value: of(few, least).seconds, unit: "s" }, reach: { text: "not with the total", isReached: of(many, least).seconds < Math.max(1.5 * of(few, least).seconds, 0.2) }, limit: "" },
  ];
}
