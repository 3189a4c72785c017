import type { History } from "../world/history.ts";
import type { KeyView } from "../world/shown.ts";
import type { Judgement } from "./judgement.ts";

/**
 * I1: an acknowledged write is present, or superseded by a write whose author had read it. Exempt is only a write that lost as many
 * disks as it had copies when it was acknowledged: each a disk that had it, or what superseded it, and was then wiped, set back or
 * taken out of the network; and what a removed host wrote or replaced, since a removal honours only what its author had heard of.
 */
export function checkLosses(history: History, views: readonly KeyView[]): Judgement {
  const present = new Map(views.map(({ namespace, key, views: each }) => [namespace.id + key, new Set(each.flatMap(({ versions }) => versions))]));
  const acknowledged = history.writes.filter(({ operation, isDeletion }) => operation.outcome === "ok" && !isDeletion);
  const missing = acknowledged.filter(({ id, namespace, key }) => !history.covers(present.get(namespace + key)!, id));
  const lost = missing.filter((write) => !history.isRemoved(write.id) && history.disksLost(write.id) < write.copies);
  return {
    invariant: "I1",
    judged: acknowledged.length,
    exempt: missing.length - lost.length,
    findings: lost.map(({ id, key, operation, copies, isSafe }) => `version ${id} of ${key}, acknowledged by ${operation.host.name} at ${operation.endedMs} with ${copies} copies${isSafe ? "" : " (not safe)"}, is gone, and nobody who replaced it had read it`),
  };
}
