import assert from "node:assert/strict";
import fc from "fast-check";
import { compareBytes, utf8 } from "../codec/index.ts";
import { DamagedEntry } from "./errors.ts";
import type { LogEntry, LogOperation, RecordLog } from "./port.ts";

export const put = (key: string | Uint8Array, value: string | Uint8Array): LogOperation => ({ kind: "put", key: bytes(key), value: bytes(value) });
export const remove = (key: string | Uint8Array): LogOperation => ({ kind: "delete", key: bytes(key) });

function bytes(of: string | Uint8Array): Uint8Array {
  return typeof of === "string" ? utf8(of) : of;
}

function textsOf(entries: readonly LogEntry[]): string[] {
  return entries.map(({ key, value }) => `${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`);
}

/** A log that a check may close and open again in the same place. */
export interface LogBench {
  readonly log: RecordLog;
  readonly reopen: () => Promise<RecordLog>;
  /** Alters what lies under a key behind the log's back. @returns the log, opened again */
  readonly damage: (key: string) => Promise<RecordLog>;
}

type Checks = Readonly<Record<string, (bench: LogBench) => Promise<void>>>;

const commitChecks: Checks = {
  async "a commit is seen once it is resolved, and not before"({ log }) {
    const done = log.commit([put("seen", "1")]);
    assert.equal(log.get(utf8("seen")), undefined);
    await done;
    assert.deepEqual(log.get(utf8("seen")), utf8("1"));
  },

  async "the operations of a commit take effect together and in their order"({ log }) {
    await log.commit([put("a1", "old"), put("a2", "2"), remove("a1"), put("a3", "3"), put("a1", "new"), remove("a3")]);
    assert.deepEqual(textsOf(log.scan({ from: utf8("a"), to: utf8("b") })), ["a1=new", "a2=2"]);
  },

  async "commits take effect in the order of the calls, also when none is awaited"({ log }) {
    const resolved: number[] = [];
    const all = Array.from({ length: 500 }, async (_, n) => {
      await log.commit([put("order", `${n}`), put(`order/${n % 7}`, `${n}`)]);
      resolved.push(n);
    });
    await Promise.all(all);
    assert.deepEqual(log.get(utf8("order")), utf8("499"));
    assert.deepEqual(resolved, [...resolved].sort((a, b) => a - b));
    assert.equal(resolved.length, 500);
  },

  async "empty values, empty keys and values of 1 MiB come back as they were"({ log }) {
    const large = new Uint8Array(1024 * 1024).map((_, at) => at * 31 + (at >> 8));
    await log.commit([put("empty", ""), put(new Uint8Array(0), "no key"), put("large", large)]);
    assert.deepEqual(log.get(utf8("empty")), new Uint8Array(0));
    assert.deepEqual(log.get(new Uint8Array(0)), utf8("no key"));
    assert.deepEqual(log.get(utf8("large")), large);
    assert.deepEqual(log.scan({ from: new Uint8Array(0), to: Uint8Array.of(0) })[0]?.value, utf8("no key"));
    await log.commit([remove(new Uint8Array(0))]);
  },

  async "bytes that the caller changes after the call are kept as they were"({ log }) {
    const [key, value] = [utf8("mine"), utf8("before")];
    const done = log.commit([put(key, value)]);
    value.fill(0);
    key.fill(0);
    await done;
    const found = log.get(utf8("mine"));
    assert.deepEqual(found, utf8("before"));
    found?.fill(0);
    assert.deepEqual(log.get(utf8("mine")), utf8("before"));
  },

  async "a view on a large buffer is kept without the rest of the buffer"({ log }) {
    const whole = utf8("xxxkeyyyyvaluezzz");
    await log.commit([put(whole.subarray(3, 6), whole.subarray(9, 14))]);
    assert.deepEqual(log.get(utf8("key")), utf8("value"));
  },

  async "an entry beyond the limits is refused, and the log goes on"({ log }) {
    await assert.rejects(log.commit([put(new Uint8Array(5000), "")]), { code: "ENTRY_TOO_LARGE" });
    await log.commit([]);
    await log.commit([put("after", "1")]);
    assert.deepEqual(log.get(utf8("after")), utf8("1"));
  },

  async "deleting what is not there succeeds"({ log }) {
    await log.commit([remove("never was")]);
    assert.equal(log.get(utf8("never was")), undefined);
  },
};

const scanChecks: Checks = {
  async "a scan goes by unsigned bytes, a prefix before what it begins"({ log }) {
    const keys = [[1], [1, 0], [1, 0, 0], [1, 127], [1, 128], [1, 255], [1, 255, 255], [2]].map((key) => Uint8Array.from([0xf0, ...key]));
    await log.commit(keys.toReversed().map((key) => put(key, "")));
    const found = log.scan({ from: Uint8Array.of(0xf0), to: Uint8Array.of(0xf1) });
    assert.deepEqual(found.map(({ key }) => key), keys);
  },

  async "a scan includes its beginning, excludes its end, and stops at its limit from either side"({ log }) {
    await log.commit(["s1", "s2", "s3", "s4"].map((key) => put(key, "")));
    const scan = (from: string, to: string, more: { limit?: number; reverse?: boolean }): string[] => textsOf(log.scan({ from: utf8(from), to: utf8(to), ...more }));
    assert.deepEqual(scan("s1", "s4", {}), ["s1=", "s2=", "s3="]);
    assert.deepEqual(scan("s1", "s9", { limit: 2 }), ["s1=", "s2="]);
    assert.deepEqual(scan("s1", "s4", { limit: 2, reverse: true }), ["s3=", "s2="]);
    assert.deepEqual(scan("s1", "s9", { reverse: true }), ["s4=", "s3=", "s2=", "s1="]);
    assert.deepEqual(scan("s4", "s1", {}), []);
    assert.deepEqual(scan("s4", "s1", { reverse: true }), []);
    assert.deepEqual(scan("s5", "s9", { reverse: true }), []);
    assert.deepEqual(scan("s1", "s9", { limit: 0 }), []);
  },

  async "a scan ends with the entry with which it has come to so many bytes, from either side"({ log }) {
    await log.commit([put("b1", "12345678"), put("b2", "1"), put("b3", "1"), put("b4", "12345678901234567890")]);
    const scan = (more: { bytes: number; limit?: number; reverse?: boolean }): string[] => textsOf(log.scan({ from: utf8("b"), to: utf8("c"), ...more })).map((text) => text.slice(0, 2));
    assert.deepEqual(scan({ bytes: 1 }), ["b1"]);
    assert.deepEqual(scan({ bytes: 10 }), ["b1"]);
    assert.deepEqual(scan({ bytes: 11 }), ["b1", "b2"]);
    assert.deepEqual(scan({ bytes: 17, limit: 2 }), ["b1", "b2"]);
    assert.deepEqual(scan({ bytes: 23, reverse: true }), ["b4", "b3"]);
    assert.deepEqual(scan({ bytes: 1000 }), ["b1", "b2", "b3", "b4"]);
  },

  async "a scan without a limit stops at 1,000 entries"({ log }) {
    await log.commit(Array.from({ length: 1001 }, (_, n) => put(`thousand/${n.toString().padStart(4, "0")}`, "")));
    const range = { from: utf8("thousand/"), to: utf8("thousand0") };
    assert.equal(log.scan(range).length, 1000);
    assert.equal(log.scan({ ...range, limit: 2000 }).length, 1001);
  },
};

const damageChecks: Checks = {
  async "a damaged entry is named, never given, and all others can be read"({ log, damage }) {
    await log.commit(["d1", "d2", "d3", "d4", "d5"].map((key) => put(key, key)));
    await damage("d1");
    await damage("d3");
    const hurt = await damage("d4");
    const isD3 = (error: unknown): boolean => error instanceof DamagedEntry && error.code === "LOG_DAMAGED" && Buffer.from(error.key).toString() === "d3";
    assert.throws(() => hurt.get(utf8("d3")), isD3);
    assert.throws(() => hurt.scan({ from: utf8("d2"), to: utf8("d9") }), isD3);
    assert.deepEqual(hurt.get(utf8("d2")), utf8("d2"));
    const scan = (more: { from?: string; limit?: number; bytes?: number; reverse?: boolean }): [string[], string[]] => {
      const damaged: string[] = [];
      const range = { ...more, from: utf8(more.from ?? "d"), to: utf8("e") };
      const entries = hurt.scan(range, (key) => damaged.push(Buffer.from(key).toString()));
      return [textsOf(entries), damaged.sort()];
    };
    assert.deepEqual(scan({}), [["d2=d2", "d5=d5"], ["d1", "d3", "d4"]]);
    assert.deepEqual(scan({ limit: 2 }), [["d2=d2", "d5=d5"], ["d1", "d3", "d4"]]);
    assert.deepEqual(scan({ limit: 1 }), [["d2=d2"], ["d1"]]);
    assert.deepEqual(scan({ limit: 2, reverse: true })[0], ["d5=d5", "d2=d2"]);
    assert.deepEqual(scan({ from: "d3", limit: 1 }), [["d5=d5"], ["d3", "d4"]]);
    assert.deepEqual(scan({ limit: 0 }), [[], []]);
    assert.deepEqual(scan({ from: "d3", bytes: 1 }), [["d5=d5"], ["d3", "d4"]]);
    assert.deepEqual(scan({ bytes: 5 }), [["d2=d2", "d5=d5"], ["d1", "d3", "d4"]]);
  },

  async "a damaged entry is sound again once it is written or deleted"({ log, damage }) {
    await log.commit([put("w1", "old"), put("w2", "old")]);
    await damage("w1");
    const hurt = await damage("w2");
    await hurt.commit([put("w1", "new"), remove("w2")]);
    assert.deepEqual(hurt.get(utf8("w1")), utf8("new"));
    assert.equal(hurt.get(utf8("w2")), undefined);
    assert.deepEqual(textsOf(hurt.scan({ from: utf8("w"), to: utf8("x") })), ["w1=new"]);
  },
};

const key = fc.uint8Array({ maxLength: 3 }).map((bytes) => Uint8Array.from([0xe0, ...bytes]));
const operation = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), key, value: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant("delete" as const), key }),
);
const commits = fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 12 });

const modelChecks: Checks = {
  async "a log behaves like a sorted map under any commits"({ log }) {
    const model = new Map<string, LogEntry>();
    await fc.assert(
      fc.asyncProperty(commits, key, key, fc.boolean(), async (commits, from, to, reverse) => {
        const done = commits.map((operations) => log.commit(operations));
        for (const each of commits.flat()) {
          const name = Buffer.from(each.key).toString("hex");
          if (each.kind === "put") model.set(name, { key: each.key, value: each.value });
          else model.delete(name);
        }
        await Promise.all(done);
        const expected = [...model.values()].filter((entry) => compareBytes(entry.key, from) >= 0 && compareBytes(entry.key, to) < 0);
        expected.sort((a, b) => compareBytes(a.key, b.key) * (reverse ? -1 : 1));
        assert.deepEqual(log.scan({ from, to, reverse, limit: 5000 }), expected);
        assert.deepEqual(log.get(from), model.get(Buffer.from(from).toString("hex"))?.value);
      }),
      { numRuns: 60 },
    );
  },
};

const lifeChecks: Checks = {
  async "a log that is closed has done the commits under way, and refuses the rest"({ log, reopen }) {
    const under = log.commit([put("last", "words")]);
    const closing = log.close();
    await assert.rejects(log.commit([put("too", "late")]), { code: "LOG_CLOSED" });
    assert.throws(() => log.get(utf8("last")), { code: "LOG_CLOSED" });
    await Promise.all([under, closing, log.close()]);
    assert.deepEqual((await reopen()).get(utf8("last")), utf8("words"));
  },

  async "a log that is opened again has its entries and its id"({ log, reopen }) {
    await log.commit([put("kept", "safe")]);
    const next = await reopen();
    assert.equal(next.storeId, log.storeId);
    assert.deepEqual(next.get(utf8("kept")), utf8("safe"));
  },
};

/** What every record log promises, by name; each check takes a log of its own. */
export const recordLogContract: Checks = { ...commitChecks, ...scanChecks, ...damageChecks, ...modelChecks, ...lifeChecks };

/**
 * Commits numbered values of 64 KiB until the disk fails, and checks what must hold then: that commit and all later ones are rejected
 * with LOG_BROKEN, the log still reads, and what was acknowledged is there.
 * @returns how many commits were acknowledged
 */
export async function commitUntilBroken(log: RecordLog): Promise<number> {
  const broken = { code: "LOG_BROKEN" };
  const commitNumbered = (n: number): Promise<void> => log.commit([put(`until/${n}`, new Uint8Array(65_536).fill(n)), put("until", `${n}`)]);
  let acknowledged = 0;
  try {
    for (; acknowledged < 1000; acknowledged += 1) await commitNumbered(acknowledged);
    assert.fail("the disk never failed");
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, "LOG_BROKEN", String(error));
  }
  await assert.rejects(log.commit([put("later", "1")]), broken);
  await assert.rejects(Promise.all([log.commit([]), log.commit([remove("until")])]), broken);
  assert.equal(log.get(utf8("later")), undefined);
  assert.deepEqual(log.get(utf8("until")), utf8(`${acknowledged - 1}`));
  for (let n = 0; n < acknowledged; n += 1) assert.deepEqual(log.get(utf8(`until/${n}`)), new Uint8Array(65_536).fill(n));
  return acknowledged;
}
