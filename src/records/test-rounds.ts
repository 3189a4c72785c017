// For tests only: hosts whose deletions are old after a moment, and what their rounds have come to.
import { rowKey } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, everywhereId, until } from "./test-hosts.ts";

export const HORIZON_MS = 40;

export async function hostsOf(...names: string[]): Promise<TestHosts> {
  const all = new TestHosts(names);
  all.settings = { horizonMs: HORIZON_MS };
  for (const host of all.hosts) await host.start();
  await all.connect();
  return all;
}

export const isKept = (host: TestHost, key: string): boolean => host.disk.get(rowKey(everywhereId, key)) !== undefined;
export const progress = (host: TestHost): string => {
  const { progress, lastError } = host.records.workers().find((worker) => worker.status().name === "deletions")!.status();
  return lastError === undefined ? progress : `${progress} (${lastError})`;
};
export const collected = (host: TestHost): number => host.records.counters()["deletions collected"] ?? 0;

/** Waits while everybody's work goes on without its pauses. */
export async function working(what: string, hosts: readonly TestHost[], isTrue: () => boolean, waitMs = 20_000): Promise<void> {
  let nextMs = 0;
  await until(what, () => {
    if (env.clock.monotonicMs() >= nextMs) {
      nextMs = env.clock.monotonicMs() + 25;
      for (const host of hosts) if (host.isUp) for (const worker of host.records.workers()) worker.nudge();
    }
    return isTrue();
  }, waitMs).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${hosts.map((host) => (host.isUp ? `${host.name}: ${progress(host)}` : `${host.name} is down`)).join("; ")}`);
  });
}
