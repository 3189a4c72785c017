import assert from "node:assert/strict";
import fc from "fast-check";
import test from "node:test";
import { namespaceIdOf } from "../cluster/index.ts";
import type { Change } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, kv, textOf, until } from "./test-hosts.ts";

// Omissions never: whoever carries a position from host to host ends up with what every key has become, whatever happened in between.

type Step =
  | { readonly what: "write"; readonly writer: number; readonly key: number; readonly isDeletion: boolean }
  | { readonly what: "read"; readonly reader: number; readonly changes: number }
  | { readonly what: "restart"; readonly host: number }
  | { readonly what: "isolate"; readonly host: number };

const host = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant("write" as const), writer: host, key: fc.nat(15), isDeletion: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("read" as const), reader: host, changes: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("restart" as const), host }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("isolate" as const), host }) },
);

const genesis = kv(2, "carried", 8);
const namespace = namespaceIdOf(genesis);
/** By then a feed has given what it had; what comes later is read at the next visit. */
const QUIET_MS = 30;

/** One who reads now here, now there. */
class Traveller {
  readonly known = new Map<string, string>();
  position: string | undefined;

  take({ state, position }: Change): void {
    this.known.set(state.key, textOf(state)!);
    this.position = position;
  }

  /** Reads so many changes, or until nothing comes for a while. */
  async visit(at: TestHost, most: number): Promise<void> {
    const stop = new AbortController();
    let timer = env.timers.after(QUIET_MS, () => stop.abort());
    let taken = 0;
    for await (const change of at.records.changes(namespace, this.position, stop.signal)) {
      timer.cancel();
      this.take(change);
      if (++taken === most) break;
      timer = env.timers.after(QUIET_MS, () => stop.abort());
    }
    timer.cancel();
  }
}

/** What each key is on a host, deleted ones included. */
function statesOf(at: TestHost, keys: Iterable<string>): string {
  return [...keys].sort().map((key) => `${key}=${at.value(namespace, key) ?? ""}`).join(" ");
}

test("a position carried from host to host, through restarts and cuts, misses no change", { timeout: 120_000 }, async () => {
  await using all = await TestHosts.of("a", "b", "c");
  for (const each of all.hosts) {
    await each.records.create(genesis);
    await each.records.follow(namespace);
  }
  // Each store counts for itself; apart from each other, a number of one that is taken for another's shows.
  const apart = kv(1, "apart");
  const [first] = all.hosts as [TestHost];
  await first.records.create(apart);
  await first.records.follow(namespaceIdOf(apart));
  await first.records.write(Array.from({ length: 1000 }, (_, at) => ({ namespace: namespaceIdOf(apart), key: String(at), value: new Uint8Array(0) })));
  let values = 0;
  const keys = new Set<string>();

  async function take(each: Step, traveller: Traveller): Promise<void> {
    if (each.what === "read") return traveller.visit(all.hosts[each.reader]!, each.changes);
    if (each.what === "restart") {
      const restarted = all.hosts[each.host]!;
      await restarted.stop();
      return all.restart(restarted);
    }
    if (each.what === "isolate") return all.isolate(all.hosts[each.host]!);
    keys.add(`k${each.key}`);
    await all.hosts[each.writer]!.put(namespace, `k${each.key}`, each.isDeletion ? null : String((values += 1)));
  }

  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), host, async (steps, last) => {
    // From the beginning: what earlier runs have left is there to be found too.
    const traveller = new Traveller();
    for (const each of steps) await take(each, traveller);
    await all.connect();
    await until("all hosts are the same", () => new Set(all.hosts.map((each) => statesOf(each, keys))).size === 1, 15_000);
    const stop = new AbortController();
    const reading = (async () => {
      for await (const change of all.hosts[last]!.records.changes(namespace, traveller.position, stop.signal)) traveller.take(change);
    })();
    const wanted = statesOf(all.hosts[last]!, keys);
    const known = (): string => [...keys].sort().map((key) => `${key}=${traveller.known.get(key) ?? ""}`).join(" ");
    await until("the traveller knows what every key has become", () => known() === wanted).catch((error: unknown) => assert.equal(known(), wanted, String(error)));
    stop.abort();
    await reading;
  });
  await fc.assert(property, { numRuns: 15, endOnFailure: true });
});
