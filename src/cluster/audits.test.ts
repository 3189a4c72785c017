import assert from "node:assert/strict";
import test from "node:test";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Audit } from "./audits.ts";
import { auditKey, auditorsOf, isSuspect, provenBytes, readAuditKey } from "./audits.ts";
import type { Member } from "./port.ts";

const host = (number: number): HostId => idFromBytes<HostId>(sha256(Uint8Array.of(number)));

function members(zones: readonly string[], change: (number: number) => Partial<Member> = () => ({})): Map<HostId, Member> {
  return new Map(zones.map((zone, number) => [host(number), { host: host(number), zone, isGone: false, isSuspect: false, ...change(number) } as Member]));
}

function audits(said: Readonly<Record<number, Partial<Audit>>>): Map<HostId, Map<HostId, Audit>> {
  const words = Object.entries(said).map(([auditor, audit]): [HostId, Audit] => [host(Number(auditor)), { provenBytes: 0, failures: 0, isSuspect: false, toldMs: 1, ...audit }]);
  return new Map([[host(0), new Map(words)]]);
}

test("a host is suspect when auditors of two zones say so, and by no fewer", () => {
  const all = members(["a", "b", "b", "c"]);
  const accuse = { isSuspect: true };
  assert.equal(isSuspect(host(0), audits({ 1: accuse }), all), false);
  assert.equal(isSuspect(host(0), audits({ 1: accuse, 2: accuse }), all), false, "both of one zone");
  assert.equal(isSuspect(host(0), audits({ 1: accuse, 3: accuse }), all), true);
  assert.equal(isSuspect(host(0), audits({ 0: accuse, 3: accuse }), all), false, "its own word does not count");
  assert.equal(isSuspect(host(0), audits({ 1: accuse, 9: accuse }), all), false, "nor that of one who takes no part");
  assert.equal(isSuspect(host(0), audits({ 1: accuse, 3: accuse }), members(["a", "b", "b", "c"], (number) => ({ isGone: number === 3 }))), false);
});

test("what a host has proven is the second greatest word, or the only one", () => {
  const all = members(["a", "b", "c", "d"]);
  assert.equal(provenBytes(host(0), audits({}), all), undefined);
  assert.equal(provenBytes(host(0), audits({ 1: { provenBytes: 5 } }), all), 5);
  assert.equal(provenBytes(host(0), audits({ 1: { provenBytes: 5 }, 2: { provenBytes: 900 }, 3: { provenBytes: 7 } }), all), 7);
});

test("a host is audited by five others of as many zones as there are, its own last, and by the same wherever it is asked", () => {
  const zones = Array.from({ length: 40 }, (_, number) => `zone ${number % 8}`);
  const all = members(zones, (number) => ({ isSuspect: number === 3, isGone: number === 4 }));
  const shares = new Map<HostId, number>();
  for (const each of all.keys()) {
    const auditors = auditorsOf(each, all);
    assert.equal(new Set(auditors.map((auditor) => all.get(auditor)!.zone)).size, 5);
    assert.ok(!auditors.some((auditor) => [each, host(3), host(4)].includes(auditor)));
    assert.ok(!auditors.some((auditor) => all.get(auditor)!.zone === all.get(each)!.zone));
    assert.deepEqual(auditorsOf(each, new Map([...all].reverse())), auditors);
    for (const auditor of auditors) shares.set(auditor, (shares.get(auditor) ?? 0) + 1);
  }
  assert.ok(Math.max(...shares.values()) <= 15, "nobody audits everybody");
  assert.deepEqual(auditorsOf(host(0), members(["a", "a"])), [host(1)], "one of its zone is better than none");
});

test("the key of an audit is read back, and one with more in it is none", () => {
  assert.deepEqual(readAuditKey(auditKey(host(1), host(2))), { auditor: host(1), host: host(2) });
  assert.throws(() => readAuditKey(`${auditKey(host(1), host(2))}/x`));
});
