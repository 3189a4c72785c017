import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Log } from "../platform/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { Sealer } from "./sealer.ts";

const MIB = 1024 * 1024;

test("a thread that fails fails the files under way and nothing else, and is told of once", async () => {
  const failures: unknown[] = [];
  const failed = Promise.withResolvers<void>();
  const error: Log["error"] = (event) => {
    failures.push(event);
    failed.resolve();
  };
  const nothing = new Uint8Array(0);
  // Without its table of bytes the thread cannot cut a file.
  const sealer = new Sealer(machineEnv({ ...silentLog, error }), { gear: nothing, content: { key: nothing, about: nothing } });
  async function* slow(): AsyncGenerator<Uint8Array> {
    for (let block = 0; block < 2; block += 1) yield new Uint8Array(MIB);
    await failed.promise;
    // An answer that nobody awaits yet must not end the process when it fails.
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    yield new Uint8Array(1);
  }
  const { signal } = new AbortController();
  const refused = { code: "CLOSED", message: /Put the files again/ };
  await assert.rejects(sealer.seal(slow(), async () => {}, signal), refused);
  await assert.rejects(sealer.seal(slow(), async () => {}, signal), refused);
  assert.equal(failures.length, 2);
  await sealer.end();
});
