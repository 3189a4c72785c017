import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import { compareBytes, utf8 } from "../codec/index.ts";
import { MemoryDisk, MemoryLog } from "../store/index.ts";
import type { LogEntry, LogRange } from "../store/index.ts";
import { hostSealer } from "./batch.ts";
import { RecordPages } from "./record-pages.ts";
import { Replica } from "./replica.ts";
import { NOTHING, Rows, livePage } from "./rows.ts";
import { table } from "./tables.ts";
import { TestHosts, env, kv, network, networkGenesis, networkNamespace } from "./test-hosts.ts";

/** Counts what is read of it. */
class CountingLog extends MemoryLog {
  bytes = 0;
  entries = 0;

  override scan(range: LogRange, damaged?: (key: Uint8Array) => void): LogEntry[] {
    const found = super.scan(range, damaged);
    this.bytes += found.reduce((sum, { value }) => sum + value.length, 0);
    this.entries += found.length;
    return found;
  }
}

interface Fixture {
  readonly log: CountingLog;
  readonly replica: Replica;
}

async function only(all: TestHosts): Promise<Fixture> {
  const [host] = all.hosts;
  host!.plugIn();
  const log = new CountingLog(env, host!.disk);
  const replica = await Replica.open(env, { log, cluster: host!.view(), network, seal: hostSealer(host!.key, network), delegation: () => host!.delegation });
  await replica.know(networkNamespace, networkGenesis);
  return { log, replica };
}

const letters = fc.uint8Array({ maxLength: 5 }).map((bytes) => bytes.map((byte) => (byte < 200 ? byte % 2 : 255)));

test("a walk comes by each key once, also by those that begin with another, whatever its steps are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(letters, { maxLength: 60, selector: (key) => key.join() }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 100_000), async (names, limit, length) => {
      const log = new MemoryLog(env, new MemoryDisk(env.random));
      const keys = names.map((name) => Uint8Array.of(0x6b, ...name));
      await log.commit(keys.map((key) => ({ kind: "put", key, value: new Uint8Array(length) })));
      const steps = [...new Rows(log, NOTHING).walk(table("k"), limit)];
      assert.deepEqual(steps.flat().map(({ key }) => key), keys.toSorted(compareBytes));
      assert.ok(steps.every((step) => step.length > 0 && step.length <= (length === 0 ? limit : Math.min(limit, 3))));
    }),
    { numRuns: 60 },
  );
});

test("a page of large values reads about as much as it answers, and the pages together give all", async () => {
  await using all = new TestHosts(["a"]);
  const { log, replica } = await only(all);
  const genesis = kv(3, "large");
  const namespace = namespaceIdOf(genesis);
  await replica.know(namespace, genesis);
  for (let at = 0; at < 30; at += 1) await replica.write([{ namespace, key: `k${at}`, value: new Uint8Array(256 * 1024) }], "host");
  const pages = new RecordPages(replica);
  const keys: string[] = [];
  for (let after: string | null = null, isMore = true; isMore; isMore = after !== null) {
    log.bytes = 0;
    const { parcel, next } = pages.scan({ namespace, group: shardOf(namespace, genesis, ""), prefix: "", after, limit: 500 });
    assert.ok(log.bytes < 2 * 1024 * 1024, `${log.bytes} bytes read for ${parcel.items.length} records`);
    keys.push(...replica.stored.sealedPage(namespace, after === null ? {} : { after }, parcel.items.length).keys.map(({ key }) => key));
    after = next;
  }
  assert.deepEqual(keys.toSorted(), Array.from({ length: 30 }, (_, at) => `k${at}`).toSorted());
});

test("a page among nothing but deletions ends before it has looked at all of them, and says where to go on", async () => {
  await using all = new TestHosts(["a"]);
  const { log, replica } = await only(all);
  const genesis = kv(3, "deleted");
  const namespace = namespaceIdOf(genesis);
  await replica.know(namespace, genesis);
  for (let at = 0; at < 4; at += 1) await replica.write(Array.from({ length: 1000 }, (_, each) => ({ namespace, key: `k${at}-${each}`, value: null })), "host");
  await replica.write([{ namespace, key: "z", value: utf8("v") }], "host");
  const found: string[] = [];
  for (let after: string | undefined, isMore = true; isMore; isMore = after !== undefined) {
    log.entries = 0;
    const page = livePage(replica.rows, namespace, { limit: 1, ...(after === undefined ? {} : { after }) });
    assert.ok(log.entries < 1_100, `${log.entries} rows looked at in one step`);
    found.push(...page.entries.map(({ key }) => key));
    after = page.next;
  }
  assert.deepEqual(found, ["z"]);
});
