import assert from "node:assert/strict";
import test from "node:test";
import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import type { PackInfo } from "../pool/index.ts";
import { BlobIndex } from "./blob-index.ts";
import { env, namedId } from "./fakes/persons.ts";
import { Usage } from "./usage.ts";

const namespace = namedId<NamespaceId>("private");
const PACKS = 40;
const BLOBS = 50;
/** What a look at a pack's record takes by the clock by which the work is measured: as slow as no disk is. */
const LOOK_MS = 0.25;
/** Of the event loop's time, between two rests. */
const TURN_MS_MAX = 6;
const { signal } = new AbortController();

test("choosing among very many blobs, and going through their packs, lets others have their turn", async () => {
  let [nowMs, restedMs, longestMs] = [0, 0, 0];
  const rest = async (): Promise<void> => void (restedMs = nowMs);
  const metered: Env = { ...env, clock: { ...env.clock, monotonicMs: () => nowMs }, timers: { ...env.timers, sleep: rest } };
  const infos = new Map<PackId, PackInfo>();
  const ids: BlobId[] = [];
  for (let at = 0; at < PACKS; at += 1) {
    const pack = namedId<PackId>(`pack ${at}`);
    const blobs = Array.from({ length: BLOBS }, (_, number) => ({ id: blobIdOf(RAW, sha256(utf8(`${at} ${number}`))), offset: number * 10, length: 10 }));
    ids.push(...blobs.map(({ id }) => id));
    infos.set(pack, { pack, sizeBytes: BLOBS * 10, redundancy: { kind: "copies", copies: 1 }, blobs, pieces: [], holders: [namedId("host")], maybe: [] });
  }
  const info = (pack: PackId): PackInfo | undefined => {
    nowMs += LOOK_MS;
    longestMs = Math.max(longestMs, nowMs - restedMs);
    return infos.get(pack);
  };
  const index = new BlobIndex(env, { info: (_, pack) => info(pack), packs: () => infos.values() }, namespace);
  await index.ready();
  const usage = new Usage({ env: metered, index, info, isCondemned: () => false, underWay: new Set() });
  for (const id of ids) usage.mark(id);
  [restedMs, longestMs] = [nowMs, 0];
  await usage.settle(signal);
  const packs = await Array.fromAsync(usage.packs(signal));
  assert.equal(packs.reduce((sum, { neededBytes }) => sum + neededBytes, 0), PACKS * BLOBS * 10);
  assert.ok(longestMs <= TURN_MS_MAX, `${longestMs} ms in one go`);
  await assert.rejects(usage.settle(AbortSignal.abort(new Error("stopped"))), /stopped/);
});
