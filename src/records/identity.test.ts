import assert from "node:assert/strict";
import test from "node:test";
import { idFromBytes } from "../codec/index.ts";
import type { HostId } from "../codec/index.ts";
import { MemoryDisk, MemoryLog } from "../store/index.ts";
import { Draft } from "./draft.ts";
import { Identity } from "./identity.ts";
import { Numbering } from "./numbering.ts";
import { SoundLog } from "./sound-log.ts";
import { env } from "./test-hosts.ts";

test("an incarnation of which the disk has forgotten dots is not used again, whatever others confirm", () => {
  const log = new SoundLog(new MemoryLog(env, new MemoryDisk(env.random)));
  const identity = new Identity(env, idFromBytes<HostId>(new Uint8Array(32)), log);
  identity.distrust();
  identity.confirm();
  assert.equal(identity.isConfirmed, false);
  const { incarnation } = identity.actor;
  identity.renew("a counter was damaged", new Draft(log));
  assert.notEqual(identity.actor.incarnation, incarnation);
  assert.equal(identity.isConfirmed, true);
});

test("an incarnation is not used again of which the disk says that batches are sent ahead of it, and is when it says so no more", async () => {
  const disk = new MemoryDisk(env.random);
  const open = (): { readonly log: SoundLog; readonly identity: Identity } => {
    const log = new SoundLog(new MemoryLog(env, disk));
    return { log, identity: new Identity(env, idFromBytes<HostId>(new Uint8Array(32)), log) };
  };
  const first = open();
  const draft = new Draft(first.log);
  first.identity.takeBatch(draft);
  first.identity.goAhead(draft);
  await first.log.commit(draft.finish(await Numbering.open(env, first.log)).operations);
  const again = open().identity;
  assert.equal(again.actor.incarnation, first.identity.actor.incarnation);
  again.confirm();
  assert.notEqual(again.actor.incarnation, first.identity.actor.incarnation);
  assert.equal(again.isConfirmed, true);
  first.identity.wentAhead();
  await first.log.commit(first.identity.keepStep());
  const last = open().identity;
  last.confirm();
  assert.equal(last.actor.incarnation, first.identity.actor.incarnation);
});

test("the disk goes on saying that batches of an incarnation are sent ahead of it when that is trusted no more", () => {
  const identity = new Identity(env, idFromBytes<HostId>(new Uint8Array(32)), new SoundLog(new MemoryLog(env, new MemoryDisk(env.random))));
  identity.wentAhead();
  identity.distrust();
  assert.deepEqual([identity.isAhead, identity.keepStep()], [false, []]);
  identity.wentAhead();
  assert.deepEqual([identity.isAhead, identity.keepStep()], [false, []], "a commit that was under way makes no difference");
});
