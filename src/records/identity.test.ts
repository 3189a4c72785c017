import assert from "node:assert/strict";
import test from "node:test";
import { idFromBytes } from "../codec/index.ts";
import type { HostId } from "../codec/index.ts";
import { MemoryDisk, MemoryLog } from "../store/index.ts";
import { Draft } from "./draft.ts";
import { Identity } from "./identity.ts";
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
