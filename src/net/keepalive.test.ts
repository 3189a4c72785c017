import assert from "node:assert/strict";
import { test } from "node:test";
import { machineEnv, silentLog } from "../platform/index.ts";
import { Keepalive } from "./keepalive.ts";
import type { Wire } from "./wire.ts";

const env = machineEnv(silentLog);
const LIVENESS = { pingEveryMs: 5, missesMax: 3 };

/** A wire of which a byte comes with each ping as long as the other side talks, and whose queue has not moved for as long as is said. */
function started({ talks, stuckMs }: { talks: boolean; stuckMs: number }): { readonly line: { talks: boolean; stuckMs: number }; readonly dead: Promise<string>; readonly pings: (count: number) => Promise<string | undefined> } {
  const line = { talks, stuckMs };
  let [receivedBytes, sent] = [0, 0];
  let waiting = { count: Infinity, resume: (): void => {} };
  const wire = {
    get receivedBytes() {
      return receivedBytes;
    },
    stuckForMs: () => line.stuckMs,
    send: () => {
      if (line.talks) receivedBytes += 1;
      sent += 1;
      if (sent >= waiting.count) waiting.resume();
    },
  } as unknown as Wire;
  const { promise: dead, resolve } = Promise.withResolvers<string>();
  new Keepalive(env, wire, LIVENESS, resolve).start();
  const pings = (count: number): Promise<string | undefined> => Promise.race([dead, new Promise<undefined>((resume) => (waiting = { count: sent + count, resume: () => resume(undefined) }))]);
  return { line, dead, pings };
}

test("a host that talks while what waits for it stands still counts as gone only after four times as long as one that is silent", async () => {
  const silentMs = LIVENESS.missesMax * LIVENESS.pingEveryMs;
  const { line, dead, pings } = started({ talks: true, stuckMs: 4 * silentMs });
  assert.equal(await pings(10), undefined);
  line.stuckMs += 1;
  assert.equal(await dead, `it took nothing for ${4 * silentMs} ms.`);
});

test("a host that is silent counts as gone after as many pauses as it may miss", async () => {
  const { dead, line, pings } = started({ talks: true, stuckMs: 0 });
  assert.equal(await pings(5), undefined);
  line.talks = false;
  assert.equal(await dead, "nothing came from it for 15 ms.");
});
