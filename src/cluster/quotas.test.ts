import assert from "node:assert/strict";
import test from "node:test";
import type { AccountId } from "../codec/index.ts";
import type { Grant } from "./quotas.ts";
import { quotas } from "./quotas.ts";

const [ann, bob, admin] = ["ann", "bob", "admin"] as AccountId[] as [AccountId, AccountId, AccountId];
const share = { bytes: 100, source: "share" };

function quotaOf(grants: readonly Grant[], set: ReadonlyMap<AccountId, number> = new Map()): { readonly bytes: number; readonly source: string } {
  const { quotaBytes: bytes, quotaFrom: source } = quotas({ set, grants, administrators: new Set([admin]), shareBytes: 100 })(bob);
  return { bytes, source };
}

const by = (inviter: AccountId, quotaBytes: number | null): Grant => ({ account: bob, invite: { inviter, quotaBytes } });

test("a person of whom nothing is said has an equal share, and so has one who came by an invite that says nothing", () => {
  assert.deepEqual(quotaOf([]), share);
  assert.deepEqual(quotaOf([by(admin, null)]), share);
  assert.deepEqual(quotaOf([{ account: bob, invite: undefined }]), share);
});

test("an administrator's invite grants what it says, more or less than a share, and the most of several counts", () => {
  assert.deepEqual(quotaOf([by(admin, 500)]), { bytes: 500, source: "invite" });
  assert.deepEqual(quotaOf([by(admin, 5)]), { bytes: 5, source: "invite" });
  assert.deepEqual(quotaOf([by(admin, 5), by(admin, 50)]), { bytes: 50, source: "invite" });
  assert.deepEqual(quotaOf([by(admin, 5), by(admin, null)]), share);
});

test("a member's invite grants no more than an equal share", () => {
  assert.deepEqual(quotaOf([by(ann, 1e15)]), { bytes: 100, source: "invite" });
  assert.deepEqual(quotaOf([by(bob, 1e15), by(admin, 5)]), { bytes: 100, source: "invite" });
});

test("what an administrator has set counts before every invite", () => {
  assert.deepEqual(quotaOf([by(admin, 500)], new Map([[bob, 7]])), { bytes: 7, source: "administrator" });
  assert.deepEqual(quotaOf([by(admin, 500)], new Map([[ann, 7]])), { bytes: 500, source: "invite" });
});
