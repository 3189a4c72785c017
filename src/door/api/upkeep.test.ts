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

test("a machine nearby that asks is listed, let in once, or refused; another is gone to where a person says it is", async () => {
  await using door = await TestDoor.open();
  const { applicants } = door.node;
  const row = (number: number) => ({ id: hostId(number), host: `den ${number}`, address: "192.168.1.7", askedMs: 1, expiresMs: 2 });
  applicants.rows = [row(5), row(6)];
  assert.deepEqual(JSON.parse((await door.api("GET", "/api/applicants")).body.toString()), { applicants: [row(5), row(6)] });
  const admit = (number: number, digits: string) => door.api("POST", `/api/applicants/${hostId(number)}/admit`, { digits });
  for (const digits of ["", "48291", "482 913", "48291x"]) assert.equal((await admit(5, digits)).status, 400, digits);
  assert.equal((await door.api("POST", `/api/applicants/${hostId(5)}/admit`)).status, 400, "none at all");
  const admitted = await admit(5, "482913");
  assert.deepEqual([admitted.status, JSON.parse(admitted.body.toString())], [201, row(5)]);
  assert.equal((await admit(5, "482913")).status, 404);
  assert.equal((await door.api("DELETE", `/api/applicants/${hostId(6)}`)).status, 200);
  assert.equal((await door.api("DELETE", "/api/applicants/nobody")).status, 400);
  assert.equal((await door.api("POST", "/api/applicants", { address: "192.168.1.7:4281" })).status, 202);
  assert.equal((await door.api("POST", "/api/applicants", { address: "" })).status, 400);
  assert.deepEqual(applicants.calls, [["admit", hostId(5), "482913"], ["admit", hostId(5), "482913"], ["refuse", hostId(6)], ["visit", "192.168.1.7:4281"]]);
});
