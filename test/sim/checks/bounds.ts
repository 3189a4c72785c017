import type { History, Operation } from "../world/history.ts";
import type { World } from "../world/world.ts";
import type { Judgement } from "./judgement.ts";

/** A read asks up to seven hosts, each for four seconds, the next after half a second; a write waits two seconds for copies; both may wait for a slow disk. */
const LONGEST_MS = 30_000;
/** Bytes that the outboxes of a run's few writes can hold at most. */
const OUTBOX_BYTES = 64 * 1024 * 1024;

/** I7: nothing hangs, and what waits is bounded. The time that a host was stopped or its process was not there does not count. */
export function checkBounds(world: World, history: History): Judgement {
  const late = history.operations.filter((operation) => isLate(operation, world.time.nowMs));
  const full = world.running().filter(({ circle }) => (circle!.records.counters()["outbox bytes"] ?? 0) > OUTBOX_BYTES);
  return {
    invariant: "I7",
    judged: history.operations.length,
    exempt: history.operations.filter(({ host, life, endedMs }) => endedMs === undefined && !host.isStill(life)).length,
    findings: [
      ...late.map(({ number, kind, host, beganMs, endedMs }) => `operation ${number}, a ${kind} at ${host.name}, began at ${Math.round(beganMs)} and ${endedMs === undefined ? "has not come to an end" : `took ${Math.round(endedMs - beganMs)} ms`}`),
      ...full.map(({ name }) => `the outbox of ${name} has outgrown its bound`),
    ],
  };
}

function isLate({ host, life, beganMs, endedMs }: Operation, nowMs: number): boolean {
  if (endedMs === undefined && !host.isStill(life)) return false;
  return (endedMs ?? nowMs) - beganMs > LONGEST_MS + host.pausedMs;
}
