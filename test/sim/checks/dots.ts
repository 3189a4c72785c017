import type { History, KnownWrite } from "../world/history.ts";
import type { Judgement } from "./judgement.ts";

/**
 * I8: a dot is never used twice. Exempt is a version that went with its author's disk before any other disk had it: nobody can know that its
 * dot was taken.
 */
export function checkDots(history: History): Judgement {
  const first = new Map<string, KnownWrite>();
  const findings: string[] = [];
  let [judged, exempt] = [0, 0];
  for (const write of history.writes) {
    const { dot, id, key, namespace, operation } = write;
    if (dot === undefined) continue;
    judged += 1;
    const name = `${namespace} ${key} ${dot.actor.host} ${dot.actor.incarnation} ${dot.counter}`;
    const other = first.get(name);
    first.set(name, write);
    if (other === undefined) continue;
    if (isTraceless(history, other)) exempt += 1;
    else findings.push(`versions ${other.id} and ${id} of ${key} have one dot, ${operation.host.name}'s ${dot.counter} in ${dot.actor.incarnation}`);
  }
  return { invariant: "I8", judged, exempt, findings };
}

/** A deletion has no number by which it could be found on a disk; any loss of its author's disk after it counts. */
function isTraceless(history: History, { id, isDeletion, operation }: KnownWrite): boolean {
  return history.losses.some(({ host, atMs, after, elsewhere }) => host === operation.host && atMs > operation.beganMs && (isDeletion || (!after.has(id) && !elsewhere.has(id))));
}
