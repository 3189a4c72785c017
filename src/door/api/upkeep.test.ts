import assert from "node:assert/strict";
import test from "node:test";
import { TestDoor, hostId } from "../fakes/harness.ts";

test("hosts are emptied and filled again, capacity and quotas are set, and nonsense is refused before anybody is asked", async () => {
  await using door = await TestDoor.open();
  const { upkeep } = door.node;
  assert.equal((await door.api("PUT", `/api/hosts/${hostId(2)}/draining`, { isDraining: true })).status, 200);
  assert.deepEqual(JSON.parse((await door.api("PUT", "/api/capacity", { capacityBytes: 5e9 })).body.toString()), { capacityBytes: 5e9, usedBytes: 7 });
  assert.equal((await door.api("PUT", `/api/people/${hostId(3)}/quota`, { quotaBytes: null })).status, 202);
  assert.deepEqual(upkeep.calls, [["drain", hostId(2), true], ["resize", 5e9], ["quota", hostId(3), null]]);
  for (const [path, body] of [["/api/capacity", { capacityBytes: 0 }], ["/api/capacity", { capacityBytes: "5GB" }], [`/api/people/${hostId(3)}/quota`, { quotaBytes: -1 }], [`/api/people/x/quota`, { quotaBytes: 1 }]] as const) {
    assert.equal((await door.api("PUT", path, body)).status, 400, path);
  }
  assert.equal(upkeep.calls.length, 3);
  assert.equal((await door.api("PUT", "/api/mirrors", { site: null, isMirrored: true })).status, 200);
  assert.equal((await door.api("POST", "/api/leave", { isNow: false })).status, 200);
  assert.equal((await door.api("PUT", "/api/mirrors", { site: "", isMirrored: true })).status, 400);
  assert.deepEqual(upkeep.calls.slice(3), [["mirror", null, true], ["leave", false]]);
  const { people } = JSON.parse((await door.api("GET", "/api/people")).body.toString()) as { people: readonly { readonly quotaBytes: number }[] };
  assert.deepEqual(people.map(({ quotaBytes }) => quotaBytes), [50]);
});
