import assert from "node:assert/strict";
import test from "node:test";
import type { HostId } from "../codec/index.ts";
import type { HostRow } from "../door/index.ts";
import type { HealthFacts } from "./health.ts";
import { healthOf, nextStepOf } from "./health.ts";

function host(name: string, presence: HostRow["presence"] = "online"): HostRow {
  return { id: name as HostId, name, zone: name, presence, capacityBytes: 1, address: null, version: "1", lastSeenMs: null, isDraining: false, isSuspect: false, isSelf: false };
}

function said(facts: Partial<HealthFacts>): readonly [string, string | null] {
  const survives = facts.survives === undefined ? 1 : facts.survives;
  const whole: HealthFacts = { standing: "member", hosts: [host("attic"), host("barn")], survives, survivesNow: survives, unreadablePacks: 0, isAlone: false, ...facts };
  return [healthOf(whole), nextStepOf(whole)];
}

test("health says what the network survives and who is away, and asks for nothing while all is well", () => {
  assert.deepEqual(said({}), ["Everything survives the loss of any 1 host.", null]);
  assert.deepEqual(said({ survives: 2, hosts: [host("attic"), host("barn"), host("cellar", "gone")] }), ["Everything survives the loss of any 2 hosts. cellar is gone.", null]);
});

test("health counts a copy on a host that is away as away: it says what is survived from now on", () => {
  const hosts = [host("attic"), host("barn", "away"), host("cellar", "gone"), host("shed", "away"), host("tower")];
  assert.deepEqual(said({ survives: 4, survivesNow: 2, hosts }), ["Everything survives the loss of any 2 more hosts while barn and shed are away. cellar is gone.", null]);
  assert.deepEqual(said({ survives: 2, survivesNow: 0, hosts: hosts.slice(0, 2) }), ["Something cannot be read when one more host goes while barn is away.", "Start the hosts that are away."]);
  assert.deepEqual(said({ survives: 1, survivesNow: -1, hosts: hosts.slice(0, 2) }), ["Something cannot be read while barn is away.", "Start the hosts that are away."]);
});

test("health names the one next step on the way from one host to a site with copies", () => {
  assert.deepEqual(said({ hosts: [host("attic")], isAlone: true, survives: null }), ["This host is alone, and nothing is kept yet.", 'Invite another machine: "holdfast invite".']);
  assert.deepEqual(said({ survives: null }), ["2 hosts; nothing is kept yet.", 'Publish a folder: "holdfast publish FOLDER --name NAME".']);
  assert.deepEqual(said({ hosts: [host("attic")], isAlone: true, survives: 0 }), ["Everything is on this host alone: a copy elsewhere is needed to survive its loss.", 'Invite another machine: "holdfast invite".']);
  assert.equal(said({ hosts: [host("attic")], isAlone: true, survives: null, asking: ["den"] })[1], 'Answer den: a machine near you asks to join. "holdfast nearby list" says what to do.');
  assert.match(said({ asking: ["den", "loft"] })[1]!, /^Answer den and loft: machines near you ask to join\./);
  assert.deepEqual(said({ survives: 0 }), ["Something is lost with the next host that is.", "Wait until the copies are made, or invite another machine."]);
  assert.deepEqual(said({ survives: 0, hosts: [host("attic"), host("barn", "away")] }), ["Something is lost with the next host that is. barn is away.", "Start the hosts that are away."]);
});

test("health says how far the count is while nobody knows yet what all survives, and asks for nothing", () => {
  assert.deepEqual(said({ survives: null, countedPacks: 12_345, hosts: [host("attic"), host("barn", "away")] }), ["What everything survives is being counted: 12,345 packs so far. barn is away.", null]);
  assert.equal(said({ survives: null, countedPacks: 12_345, unreadablePacks: 2 })[0], "Of 2 packs too few pieces are in sight.");
});

test("health says first that something cannot be read", () => {
  assert.equal(said({ survives: 0, unreadablePacks: 2, hosts: [host("attic"), host("barn", "away")] })[0], "Of 2 packs too few pieces are in sight. barn is away.");
});

test("a host that is new, removed or revoked says so first, and what to do about it", () => {
  const first = (standing: HealthFacts["standing"]): string => said({ standing, isAlone: true, hosts: [], survives: null }).join(" ");
  assert.match(first("new"), /^This host has joined .* --peers FILE/);
  assert.match(first("removed"), /no longer a member .* "holdfast join CODE"/);
  assert.match(first("revoked"), /no longer act .* "holdfast key import"/);
});

test("health says when a majority of the voters is out of reach, where that matters", () => {
  const hosts = [host("attic"), host("barn", "away"), host("cellar", "away")];
  assert.match(said({ hosts, mayCoordinate: false })[0], /are away\. Until a majority of the voters is in reach nobody plans repair\.$/);
  assert.match(said({ hosts, mayCoordinate: false })[1]!, /away, or give up one .* "holdfast remove HOST --lost"/);
  assert.doesNotMatch(said({ hosts: hosts.slice(0, 2), mayCoordinate: false })[0], /majority/, "of two hosts one away says it all");
});

test("the next step names a voter that was removed, without which there is no majority, also where one host is left", () => {
  const removedVoter = "removed" as HostId;
  const [health, next] = said({ hosts: [host("attic")], isAlone: true, mayCoordinate: false, removedVoter });
  assert.match(health, /Until a majority of the voters is in reach nobody plans repair\.$/);
  assert.match(next!, /"holdfast remove removed --lost"/);
  assert.match(said({ hosts: [host("attic")], isAlone: true, removedVoter })[1]!, /holdfast invite/, "there is a majority");
});
