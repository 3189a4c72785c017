import assert from "node:assert/strict";
import test from "node:test";
import type { Finding } from "./checker.ts";
import { check } from "./checker.ts";
import type { Bug } from "./pure-subject.ts";
import { report, simulateMerge, simulateReplica } from "./simulate.ts";

const bugs: readonly { readonly bug: Bug; readonly invariants: readonly Finding["invariant"][] }[] = [
  { bug: "maximum instead of an exact context", invariants: ["I1"] },
  { bug: "no new incarnation after a restored backup", invariants: ["I1", "I8"] },
  { bug: "the last writer by the wall clock wins", invariants: ["I1"] },
];

for (const { bug, invariants } of bugs) {
  test(`the checker catches ${bug}`, async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) for (const { invariant } of await simulateMerge(seed, bug)) found.add(invariant);
    for (const invariant of invariants) assert.ok(found.has(invariant), `${invariant} was never found broken`);
  });
}

test("the checker catches a replica that trusts a disk that was set back", async () => {
  const found = new Set<string>();
  for (let seed = 1; seed <= 60 && !(found.has("I1") && found.has("I8")); seed += 1) for (const { invariant } of await simulateReplica(seed, { trustsItsDisk: true })) found.add(invariant);
  assert.deepEqual([...found].filter((invariant) => invariant !== "I2").sort(), ["I1", "I8"]);
});

test("the checker sees replicas that differ", () => {
  const write = { id: 1, key: "x", dot: "a:1", read: new Set<number>(), hosts: [0, 1] };
  const states = [new Map([["x", [1]]]), new Map([["x", []]])];
  assert.deepEqual(check({ writes: [write], states, setBack: new Set(), traceless: new Set() }).map(({ invariant }) => invariant), ["I2"]);
});

test("the merge loses no acknowledged write and converges, over thousands of seeds", async () => {
  for (let seed = 1; seed <= 3000; seed += 1) {
    const findings = await simulateMerge(seed);
    assert.deepEqual(findings, [], report("merge", seed, findings));
  }
});

test("the replica loses no acknowledged write, converges and takes no dot twice, over many seeds", async () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const findings = await simulateReplica(seed);
    assert.deepEqual(findings, [], report("replica", seed, findings));
  }
});
