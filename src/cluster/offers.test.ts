import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Admission, Invite } from "./entries.ts";
import { invitesOf } from "./offers.ts";

const id = <Id extends string>(seed: number): Id => idFromBytes<never>(sha256(Uint8Array.of(seed))) as string as Id;
const [invite, host] = [id<InviteId>(1), id<HostId>(2)];
const [founder, friend, guest] = [3, 4, 5].map((seed) => id<AccountId>(seed)) as [AccountId, AccountId, AccountId];

function offer(inviter: AccountId, change: Partial<Invite> = {}): Invite {
  return { inviter, expiresMs: 1, zone: null, quotaBytes: null, role: "member", signature: new Uint8Array(64), ...change };
}

const admission = (account: AccountId): Admission => ({ account, name: "cellar", zone: "", capacityBytes: 1, joinedMs: 1, invite, proof: new Uint8Array(64), consent: new Uint8Array(64) });

function chosen(offers: readonly Invite[], account = guest): Invite | undefined {
  return invitesOf({ offers: new Map([[invite, [...offers]]]), admissions: new Map([[host, admission(account)]]), administrators: new Set([founder]) }).get(invite);
}

test("of an invite's terms an administrator's count, whatever others sign for it, and of others' not its guest's", () => {
  const [founders, friends, guests] = [offer(founder, { quotaBytes: 5 }), offer(friend, { quotaBytes: 7 }), offer(guest)];
  assert.equal(chosen([friends, founders, guests]), founders);
  assert.equal(chosen([guests, friends]), friends);
  assert.equal(chosen([guests]), guests, "when there are no others");
  const made = offer(friend, { role: "administrator", zone: "home" });
  assert.equal(chosen([founders, made]), made, "only administrators can have written it");
  assert.equal(chosen([offer(guest), friends, made], friend), made, "who was made one by it is one");
});

test("the terms of an invite are the same in whatever order they come", () => {
  const anOffer = fc.record({ inviter: fc.constantFrom(founder, friend, guest), quotaBytes: fc.option(fc.nat(3)), zone: fc.option(fc.constantFrom("a", "b")), role: fc.constantFrom("member" as const, "administrator" as const), expiresMs: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(anOffer, { minLength: 1, maxLength: 5 }), (offers) => {
      const all = offers.map(({ inviter, ...change }) => offer(inviter, change));
      assert.deepEqual(chosen(all), chosen([...all].reverse()));
    }),
  );
});
