import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { setFlagsFromString } from "node:v8";
import { ENTRIES, RecordHost, hostNamed } from "../record-host.ts";

// One host with records of its own, and a bare SQLite database with the same keys and values, both read in this process.

// As src/cli/main.ts does for a host.
setFlagsFromString("--external-memory-accounted-in-global-limit");

const VALUE_BYTES = 256;
const STEP = 1000;

export const READINGS = ["local", "read", "bare", "local scan", "bare scan"] as const;
export type Reading = (typeof READINGS)[number];

const [folder, records] = process.argv.slice(2) as [string, string];
const total = Number(records);
const members = [hostNamed("attic")];
const host = new RecordHost(folder, "attic", () => members);
await host.start();
await host.records.confirmAtStart();
const bare = new DatabaseSync(join(folder, "bare.db"));
bare.exec("PRAGMA journal_mode = WAL; CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
const insert = bare.prepare("INSERT INTO entries VALUES (?, ?)");

function keyAt(number: number): string {
  return `entry ${String(number).padStart(8, "0")}`;
}

for (let at = 0; at < total; at += STEP) {
  const rows = Array.from({ length: STEP }, (_, place) => ({ namespace: ENTRIES, key: keyAt(at + place), value: new Uint8Array(randomBytes(VALUE_BYTES)) }));
  await host.records.write(rows);
  bare.exec("BEGIN");
  for (const { key, value } of rows) insert.run(key, value);
  bare.exec("COMMIT");
}
bare.close();
const database = new DatabaseSync(join(folder, "bare.db"), { readOnly: true });
const one = database.prepare("SELECT value FROM entries WHERE key = ?");
const many = database.prepare("SELECT key, value FROM entries WHERE key > ? ORDER BY key LIMIT ?");

function randomKey(): string {
  return keyAt(Math.floor(Math.random() * total));
}

/** Each reads so many records and says how many it found. */
const WAYS: Readonly<Record<Reading, (count: number) => number | Promise<number>>> = {
  local: (count) => found(count, () => host.records.local(ENTRIES, randomKey())?.siblings[0]?.value),
  bare: (count) => found(count, () => one.get(randomKey())?.["value"]),
  async read(count) {
    let read = 0;
    for (let left = count; left > 0; left -= 1) if ((await host.records.read(ENTRIES, randomKey()))?.siblings[0] !== undefined) read += 1;
    return read;
  },
  "local scan": (count) => scanned(count, (after) => host.records.localScan(ENTRIES, { limit: STEP, ...(after === "" ? {} : { after }) }).entries.at(-1)?.key),
  "bare scan": (count) => scanned(count, (after) => many.all(after, STEP).at(-1)?.["key"] as string | undefined),
};

function found(count: number, read: () => unknown): number {
  let present = 0;
  for (let left = count; left > 0; left -= 1) if (read() instanceof Uint8Array) present += 1;
  return present;
}

/** Goes through all keys page by page, again and again. */
function scanned(count: number, page: (after: string) => string | undefined): number {
  let after = "";
  for (let left = count; left > 0; left -= STEP) after = page(after) ?? "";
  return count;
}

process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { reading, count } = JSON.parse(line) as { reading: Reading; count: number };
  const [started, cpu] = [performance.now(), process.threadCpuUsage()];
  if ((await WAYS[reading](count)) !== count) throw new Error(`${reading} did not find all`);
  const { user, system } = process.threadCpuUsage(cpu);
  process.stdout.write(`${JSON.stringify({ perSecond: (count / (performance.now() - started)) * 1000, processorMicros: (user + system) / count })}\n`);
}
process.exit();
