import assert from "node:assert/strict";
import test from "node:test";
import { peopleTable } from "./quota.ts";

test("the table of quotas has what each person takes beside what they may take", () => {
  const rows = peopleTable([{ id: "account", name: "attic", hosts: ["attic", "barn"], isAdministrator: true, usedBytes: 1_500_000, quotaBytes: 50_000_000, quotaFrom: "share" }]).split("\n");
  assert.match(rows[0]!, /PERSON +HOSTS +TAKES +MAY TAKE +BECAUSE IT IS +ACCOUNT/);
  assert.match(rows[1]!, /attic \(administrator\) +attic, barn +1\.5 MB +50 MB +an equal share +account/);
  assert.deepEqual(rows.slice(2), [""]);
});

test("the table of quotas says so while it is still counted what people take", () => {
  const rows = peopleTable([{ id: "account", name: "attic", hosts: ["attic"], isAdministrator: false, usedBytes: null, quotaBytes: 50_000_000, quotaFrom: "share" }]).split("\n");
  assert.match(rows[1]!, /attic +attic +\? +50 MB/);
  assert.match(rows[2]!, /still being counted/);
});
