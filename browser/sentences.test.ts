import assert from "node:assert/strict";
import test from "node:test";
import { hostQuestion, siteSurvives, siteSurvivesShort } from "./sentences.ts";

test("what a site survives is said as Health says it of everything: a copy on a host that is away counts as away", () => {
  assert.equal(siteSurvives({ survives: 2, survivesNow: 2, away: [] }), "survives the loss of any 2 hosts");
  assert.equal(siteSurvives({ survives: 4, survivesNow: 2, away: ["garden", "study"] }), "survives the loss of any 2 more hosts while garden and study are away");
  assert.equal(siteSurvives({ survives: 1, survivesNow: 0, away: ["study"] }), "cannot be read when one more host goes while study is away");
  assert.equal(siteSurvives({ survives: 0, survivesNow: -1, away: ["study"] }), "cannot be read while study is away");
  assert.match(siteSurvives({ survives: 0, survivesNow: 0, away: ["study"] }), /^lies on one host only/, "one part lies on one host, another on that which is away as well");
  assert.equal(siteSurvives({ survives: -1, survivesNow: -1, away: [] }), "cannot be read in full: of some of it too few pieces are in sight");
  assert.match(siteSurvives({ survives: -1, survivesNow: -1, away: ["study"] }), /^cannot be read in full/, "that study comes back does not help it");
  assert.equal(siteSurvives({ survives: null, survivesNow: null, away: [] }), "");
});

test("a line of the list of sites says what each survives, and nothing of those that nobody has published yet", () => {
  assert.deepEqual(siteSurvivesShort({ survives: 2, survivesNow: 2, away: [] }), ["survives any 2 lost"]);
  assert.deepEqual(siteSurvivesShort({ survives: 0, survivesNow: 0, away: [] }), ["survives no loss"]);
  assert.deepEqual(siteSurvivesShort({ survives: -1, survivesNow: -1, away: [] }), ["cannot be read in full: of some of it too few pieces are in sight"]);
  assert.deepEqual(siteSurvivesShort({ survives: 2, survivesNow: 1, away: ["study"] }), ["survives the loss of any 1 more host while study is away"]);
  assert.deepEqual(siteSurvivesShort({ survives: null, survivesNow: null, away: [] }), []);
});

test("nobody is told that nothing is lost with a host before that is known", () => {
  const about = (losses: string | undefined): string => hostQuestion("remove", "cellar", losses).about;
  assert.equal(about(undefined), "What would be lost with cellar is still being counted.");
  assert.match(about(""), /Nothing is lost with it\.$/);
  assert.match(about("With cellar 1 pack would be lost."), /With cellar 1 pack would be lost\.$/);
});
