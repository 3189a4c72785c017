import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Log } from "../platform/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { sha256 } from "../crypto/index.ts";
import { inChunks, namedId, noise } from "./fakes/persons.ts";
import { PrivateKeys } from "./keys.ts";
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

test("a thread that fails between two blocks of a file fails that file, though all that was sent of it has been answered, and the next begins another", async () => {
  const failed = Promise.withResolvers<void>();
  const keys = new PrivateKeys(sha256(new Uint8Array(1)), namedId("space"));
  const sealer = new Sealer(machineEnv({ ...silentLog, error: () => failed.resolve() }), { gear: keys.gear, content: keys.of("content") });
  const bytes = noise(3 * MIB, 9);
  const begun = once(process, "worker") as Promise<[Worker]>;
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 1.5 * MIB);
    const [thread] = await begun;
    await once(thread, "message");
    // As when another file's block ends it: out of memory.
    await thread.terminate();
    await failed.promise;
    yield bytes.subarray(1.5 * MIB);
  }
  const { signal } = new AbortController();
  await assert.rejects(sealer.seal(slow(), async () => {}, signal), { code: "CLOSED", message: /Put the files again/ });
  const { sizeBytes, digest } = await sealer.seal(inChunks(bytes), async () => {}, signal);
  assert.deepEqual([sizeBytes, digest], [bytes.length, sha256(bytes)]);
  await sealer.end();
  await assert.rejects(sealer.seal(inChunks(bytes), async () => {}, signal), { code: "CLOSED", message: /has ended/ });
});
