// For tests only: what lies on a test host's disk, and how to change it behind the store's back.
import { shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { hex } from "../codec/index.ts";
import type { LogEntry, LogOperation } from "../store/index.ts";
import { MemoryLog } from "../store/index.ts";
import { GROUPS } from "./limits.ts";
import { rowIsDeleted } from "./row.ts";
import { Sum, weightOf } from "./sums.ts";
import { endOf, namespaceIn, namespaceOfSum, recordKeyIn, rowKey, table } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { floorKeyOf } from "./marks.ts";
import { env, networkNamespace, until } from "./test-hosts.ts";

const ALL = 1e6;

export function tamper(host: TestHost, operations: readonly LogOperation[]): void {
  host.disk.write(operations);
  host.disk.sync(Infinity);
}

export function rowsOf(host: TestHost, namespace: NamespaceId): LogEntry[] {
  const from = rowKey(namespace, "");
  return new MemoryLog(env, host.disk).scan({ from, to: endOf(from), limit: ALL });
}

/** A host's rows that are not deletions only, without their numbers, which are each store's own. */
export function contentOf(host: TestHost, namespace: NamespaceId): Readonly<Record<string, string>> {
  const rows = rowsOf(host, namespace).filter(({ value }) => !rowIsDeleted(value));
  return Object.fromEntries(rows.map(({ key, value }) => [recordKeyIn(key), hex(value.subarray(9))]));
}

/** The sums that follow from a host's rows, and those that it keeps. */
export function sumsOf(host: TestHost): { readonly counted: Record<string, string>; readonly kept: Record<string, string> } {
  const log = new MemoryLog(env, host.disk);
  const counted = new Map<string, Sum>();
  for (const { key, value } of log.scan({ ...table("k"), limit: ALL })) {
    const namespace = namespaceIn(key);
    const weight = weightOf(key, value);
    if (weight === undefined) continue;
    const name = `${shardOf(namespace, host.records.genesis(namespace)!, recordKeyIn(key))} ${namespace}`;
    const sum = counted.get(name) ?? new Sum();
    sum.add(weight);
    counted.set(name, sum);
  }
  const kept = log.scan({ ...table("s"), limit: ALL }).map(({ key, value }) => [`${key[1]! * 256 + key[2]!} ${namespaceOfSum(key)}`, hex(value)]);
  return { counted: Object.fromEntries([...counted].map(([name, sum]) => [name, hex(sum.encode())])), kept: Object.fromEntries(kept) as Record<string, string> };
}

/** Both have caught up with each other, so that they compare everything. */
export async function ready(a: TestHost, b: TestHost): Promise<void> {
  const isCounted = (): boolean => [a, b].every((host) => [a, b].every((each) => host.records.local(networkNamespace, floorKeyOf(each.self)) !== undefined));
  await until("each knows that the other is counted", () => {
    // Without the pauses that they make in earnest.
    for (const worker of isCounted() ? [] : [a, b].flatMap((host) => host.records.workers())) if (["catch-up", "deletions"].includes(worker.status().name)) worker.nudge();
    return isCounted();
  });
  await until("nothing is on its way", () => [a, b].every((host) => host.records.counters()["outbox batches"] === 0));
  while ((await a.records.compareWith(b.self)).groups < GROUPS) await env.timers.sleep(5);
}
