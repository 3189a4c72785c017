import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "node:test";
import type { TestContext } from "node:test";
import { utf8 } from "../codec/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { put, recordLogContract, remove } from "./log.contract.ts";
import { SqliteLog } from "./sqlite-log.ts";
import { SqliteLogReader, inspectLog } from "./sqlite-log-reader.ts";

const env = machineEnv(silentLog);

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-log-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

for (const [what, check] of Object.entries(recordLogContract)) {
  test(`on SQLite, ${what}`, async (t) => {
    const path = join(folder(t), "records.db");
    let log = await SqliteLog.open(env, path);
    const reopen = async (): Promise<SqliteLog> => {
      await log.close();
      return (log = await SqliteLog.open(env, path));
    };
    t.after(() => log.close());
    const damage = async (key: string): Promise<SqliteLog> => {
      await log.close();
      const database = new DatabaseSync(path);
      const { value } = database.prepare("SELECT value FROM kv WHERE key = ?").get(utf8(key)) as { value: Uint8Array };
      value[0]! ^= 1;
      database.prepare("UPDATE kv SET value = ? WHERE key = ?").run(value, utf8(key));
      database.close();
      return (log = await SqliteLog.open(env, path));
    };
    await check({ log, reopen, damage });
  });
}

test("a log that is closed leaves one file, and two logs have two ids", async (t) => {
  const path = folder(t);
  const [a, b] = await Promise.all(["a", "b"].map((name) => SqliteLog.open(env, join(path, name))));
  assert.notEqual(a!.storeId, b!.storeId);
  await a!.commit([put("k", "v")]);
  assert.equal(existsSync(join(path, "a-wal")), true);
  await Promise.all([a!.close(), b!.close()]);
  assert.equal(existsSync(join(path, "a-wal")), false);
  assert.equal(existsSync(join(path, "b-wal")), false);
});

test("a log without room refuses what does not fit, and takes what does", async (t) => {
  const log = await SqliteLog.open(env, join(folder(t), "log"), { maxBytes: 300_000 });
  t.after(() => log.close());
  await log.commit([put("a", "1")]);
  const outcomes = await Promise.allSettled([
    log.commit([put("b", "2")]),
    log.commit([put("c", "never"), put("large", new Uint8Array(1024 * 1024))]),
    log.commit([remove("a"), put("d", "4")]),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assert.equal(outcomes[1]?.status === "rejected" && (outcomes[1].reason as { code?: unknown }).code, "LOG_FULL");
  assert.deepEqual(log.scan({ from: utf8("a"), to: utf8("z") }).map(({ key }) => Buffer.from(key).toString()), ["b", "d"]);
  await log.commit([put("c", "3")]);
  assert.deepEqual(log.get(utf8("c")), utf8("3"));
});

test("a log on a disk that refuses to write is broken for good, and keeps what it acknowledged", async (t) => {
  const path = join(folder(t), "log");
  // A limit on the size of files makes the kernel itself refuse the writes, for a process of its own. The unit is 512 or 1,024 bytes.
  const script = join(import.meta.dirname, "fixtures/commit-until-broken.ts");
  const child = spawn("sh", ["-c", 'ulimit -f 6000 && exec "$0" "$1" "$2"', process.execPath, script, path], { stdio: ["ignore", "pipe", "inherit"] });
  const output = child.stdout.setEncoding("utf8").toArray() as Promise<string[]>;
  assert.deepEqual(await once(child, "close"), [0, null]);
  const acknowledged = Number((await output).join(""));
  assert.ok(acknowledged > 10, `${acknowledged} commits were acknowledged`);
  const log = await SqliteLog.open(env, path);
  for (let n = 0; n < acknowledged; n += 1) assert.deepEqual(log.get(utf8(`until/${n}`)), new Uint8Array(65_536).fill(n));
  await log.commit([put("later", "2")]);
  assert.deepEqual(log.get(utf8("later")), utf8("2"));
  await log.close();
});

test("a log whose process was killed has every commit that it acknowledged", async (t) => {
  const path = join(folder(t), "log");
  const child = spawn(process.execPath, [join(import.meta.dirname, "fixtures/commit-forever.ts"), path], { stdio: ["ignore", "pipe", "inherit"] });
  let acknowledged = -1;
  for await (const line of child.stdout.setEncoding("utf8") as AsyncIterable<string>) {
    acknowledged = Number(line.trim().split("\n").at(-1));
    if (acknowledged > 300) child.kill("SIGKILL");
  }
  const log = await SqliteLog.open(env, path);
  const kept = log.scan({ from: utf8("n/"), to: utf8("n0"), limit: 1_000_000 });
  await log.close();
  assert.ok(acknowledged > 300 && kept.length > acknowledged);
  assert.equal(Buffer.from(kept.at(-1)!.value).toString(), `${kept.length - 1}`);
});

test("a file that is no record log is refused with what to do", async (t) => {
  const path = folder(t);
  writeFileSync(join(path, "text"), "This is no database. ".repeat(500));
  const foreign = new DatabaseSync(join(path, "foreign"));
  foreign.exec("CREATE TABLE other (x)");
  foreign.close();
  for (const name of ["text", "foreign"]) {
    await assert.rejects(SqliteLog.open(env, join(path, name)), (error: Error & { code?: string }) => error.code === "LOG_DAMAGED" && error.message.includes("move the file"));
  }
});

test("a log of a newer format is left alone", async (t) => {
  const path = join(folder(t), "log");
  await (await SqliteLog.open(env, path)).close();
  const newer = new DatabaseSync(path);
  newer.exec("PRAGMA user_version = 2");
  newer.close();
  const before = readFileSync(path);
  await assert.rejects(SqliteLog.open(env, path), { code: "LOG_TOO_NEW" });
  assert.deepEqual(readFileSync(path), before);
});

test("a log in a folder that does not exist is refused", async (t) => {
  await assert.rejects(SqliteLog.open(env, join(folder(t), "missing/log")), { code: "LOG_BROKEN" });
});

test("a log with a flipped byte never gives a wrong value, and an inspection finds the flip", async (t) => {
  const path = join(folder(t), "log");
  const log = await SqliteLog.open(env, path);
  const keys = Array.from({ length: 12 }, (_, n) => utf8(`key ${n}`));
  const valueOf = (n: number): Uint8Array => new Uint8Array(200).fill(n + 1);
  await log.commit(keys.map((key, n) => put(key, valueOf(n))));
  await log.close();
  assert.deepEqual(inspectLog(path), []);
  const whole = readFileSync(path);
  // A key stands twice in the file: before its value, and in the index by which it is found.
  const places = [whole.indexOf("key 5"), whole.lastIndexOf("key 5")].sort((a, b) => Number(isIndex(whole, a)) - Number(isIndex(whole, b)));
  assert.deepEqual(places.map((at) => isIndex(whole, at)), [false, true]);
  const [row, index] = places as [number, number];
  for (const at of [...range(row, row + 209), ...range(index, index + 5)]) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 0x10;
    writeFileSync(path, bytes);
    assert.notDeepEqual(inspectLog(path), [], `byte ${at}`);
    const reader = new SqliteLogReader(path);
    // What stands before the value is read by the inspection alone.
    if (at >= row + 5) assert.throws(() => reader.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) }), { code: "LOG_DAMAGED" });
    const damaged: string[] = [];
    const entries = reader.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) }, (key) => damaged.push(Buffer.from(key).toString()));
    if (at >= row + 5) assert.equal(damaged.length, 1, `byte ${at}`);
    assert.equal(entries.length + damaged.length, keys.length);
    for (const { key, value } of entries) assert.deepEqual(value, valueOf(Number(Buffer.from(key).toString().slice(4))));
    for (const [n, key] of keys.entries()) assert.ok(isHonest(() => reader.get(key), valueOf(n), at >= index && at < index + 5), `byte ${at}, key ${n}`);
    reader.close();
  }
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

/** Whether a byte lies on a page of an index: see section 1.6 of SQLite's file format. */
function isIndex(file: Buffer, at: number): boolean {
  return file[at - (at % 4096)] === 0x0a;
}

/** A flip within a key disturbs the order of the keys, so that others may be missed; the inspection finds that. */
function isHonest(read: () => Uint8Array | undefined, value: Uint8Array, mayBeMissed: boolean): boolean {
  try {
    const found = read();
    return found === undefined ? mayBeMissed : Buffer.compare(found, value) === 0;
  } catch (error) {
    return (error as { code?: unknown }).code === "LOG_DAMAGED";
  }
}
