import type { History } from "../world/history.ts";
import type { KeyView } from "../world/shown.ts";
import type { Judgement } from "./judgement.ts";

/**
 * I3: what was deleted stays deleted. No version that the author of an acknowledged deletion had read is shown again by anybody in the end.
 * Exempt as for I1; since a deletion shows nowhere, every disk lost after it counts.
 */
export function checkDeletions(history: History, views: readonly KeyView[]): Judgement {
  const shown = new Map(views.map(({ namespace, key, views: each }) => [namespace.id + key, new Set(each.flatMap(({ versions }) => versions))]));
  const deletions = history.writes.filter(({ isDeletion, operation }) => isDeletion && operation.outcome === "ok");
  let exempt = 0;
  const findings: string[] = [];
  for (const { id, namespace, key, read, operation, copies } of deletions) {
    const back = read.filter((old) => shown.get(namespace + key)!.has(old));
    if (back.length === 0) continue;
    const lost = history.losses.filter(({ atMs }) => atMs > operation.beganMs).length;
    if (operation.host.isRemoved || lost >= copies) exempt += 1;
    else findings.push(`version ${back.join()} of ${key} is back, which deletion ${id} by ${operation.host.name} at ${operation.endedMs} had read`);
  }
  return { invariant: "I3", judged: deletions.length, exempt, findings };
}
