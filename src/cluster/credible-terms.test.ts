import assert from "node:assert/strict";
import test from "node:test";
import { proposalCodec } from "./appointment.ts";
import { CredibleTerms, TERMS_AHEAD_MAX } from "./credible-terms.ts";
import { LEAD, RECALL, VOTE, recollectionCodec, termCodec, voteAnswerCodec, voteCodec } from "./election-messages.ts";
import type { VoterConfiguration } from "./entries.ts";
import type { Elector } from "./fakes/electorate.ts";
import { Electorate, entryOf } from "./fakes/electorate.ts";
import { TERMS_PER_ERA } from "./terms.ts";
import { forcedConfiguration } from "./voters.ts";

const APPROVE = "cluster/approve";
/** Of an era that nobody has begun, the last of the present one, and just beyond what is believed at once. */
const LIES = [8_000_000_000_000_000, TERMS_PER_ERA - 1, 2 * TERMS_AHEAD_MAX];

const configuration: VoterConfiguration = { number: 5, term: 0, hosts: [], approvals: [] };

test("terms of an era whose voters are known are noted, as fast as elections can be held", () => {
  let nowMs = 0;
  let known = configuration;
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs };
  const credible = new CredibleTerms(clock, { get register() {
    return { configuration: known } as never;
  } });
  assert.ok(!credible.take(TERMS_PER_ERA, 0));
  assert.ok(credible.has(TERMS_AHEAD_MAX, 0));
  assert.ok(credible.take(TERMS_AHEAD_MAX, 0));
  assert.ok(credible.take(3, 9), "what is known already takes nothing");
  assert.ok(!credible.take(TERMS_AHEAD_MAX + 10, TERMS_AHEAD_MAX), "all was taken at once");
  nowMs += 1_000;
  assert.ok(credible.take(TERMS_AHEAD_MAX + 10, TERMS_AHEAD_MAX));
  known = { ...configuration, number: 7, term: 7 * TERMS_PER_ERA };
  assert.ok(credible.take(7 * TERMS_PER_ERA, TERMS_AHEAD_MAX), "the voters of the era came with it");
  assert.ok(!credible.take(8 * TERMS_PER_ERA, TERMS_AHEAD_MAX));
  known = configuration;
  nowMs += 1_000;
  assert.ok(credible.take(7 * TERMS_PER_ERA + 1, 7 * TERMS_PER_ERA), "an era that was noted once");
});

/** Five voters of whom somebody coordinates. @returns one that does not, and the others */
async function electorate(seed: number): Promise<{ readonly all: Electorate; readonly mole: Elector; readonly honest: readonly Elector[] }> {
  const all = new Electorate(() => new Promise(setImmediate), seed, 5);
  await all.time.until("somebody coordinates", () => all.leader() !== undefined);
  const mole = all.hosts.find((each) => each !== all.leader())!;
  return { all, mole, honest: all.hosts.filter((each) => each !== mole) };
}

/** In place of a host stands one that answers as it likes. */
async function replace({ wire, time }: Electorate, mole: Elector, among: readonly Elector[], answers: Readonly<Record<string, Uint8Array>>): Promise<void> {
  mole.crash();
  await time.until("the others have noticed", () => among.every(({ transport }) => !transport.connected().includes(mole.host)), 60_000);
  wire.revive(mole.host);
  const transport = wire.transport({ self: mole.host, admission: () => "member" });
  for (const [kind, answer] of Object.entries(answers)) transport.handle(kind, () => Promise.resolve(answer));
  // Connecting takes virtual time, which nobody lets pass before this returns.
  for (const each of among) void each.transport.connect(mole.host, transport.addresses()).catch(() => {});
}

function giveUp(lost: Elector, among: readonly Elector[]): void {
  const forced = entryOf(forcedConfiguration(among[0]!.cluster.register.configuration, lost.host));
  for (const each of among) each.learn([forced]);
}

type Ask = (term: number, number: number) => readonly [kind: string, body: Uint8Array];

const QUESTIONS: Readonly<Record<string, Ask>> = {
  "coordinates it": (term) => [LEAD, termCodec.encode({ term })],
  "stands for it": (term, number) => [VOTE, voteCodec.encode({ term, number: number + 1, isTrial: false })],
  "proposes voters under it": (term, number) => [APPROVE, proposalCodec.encode({ number: number + 1, term, hosts: null })],
};

for (const [what, question] of Object.entries(QUESTIONS)) {
  test(`a voter that ${what} ends elections for nobody, whatever term it names, and voters that are forced begin an era`, async () => {
    for (const term of LIES) {
      const { all, mole, honest } = await electorate(7);
      const { number } = mole.cluster.register.configuration;
      const [kind, body] = question(term, number);
      // Whoever is led votes for nobody.
      if (kind === VOTE) for (const each of honest) if (each.leads !== undefined) each.crash();
      for (let at = 0; at < 30; at += 1) {
        for (const { host } of honest) void mole.transport.request(host, kind, body, { timeoutMs: 100 }).catch(() => {});
        await all.time.pass(100);
      }
      mole.crash();
      for (const each of honest) if (!each.isUp) each.start();
      await all.time.pass(5_000);
      await all.time.until(`${term}: somebody coordinates`, () => all.leader(honest) !== undefined, 20_000);
      assert.ok(all.leader(honest)!.leads! < TERMS_AHEAD_MAX);
      giveUp(mole, honest);
      await all.time.until(`${term}: somebody coordinates the era`, () => (all.leader(honest)?.leads ?? 0) > TERMS_PER_ERA, 20_000);
      all.end();
    }
  });
}

test("a voter that answers with terms that there are not ends elections for nobody", async () => {
  for (const term of LIES) {
    const { all, mole, honest } = await electorate(11);
    await replace(all, mole, honest, { [LEAD]: termCodec.encode({ term }), [VOTE]: voteAnswerCodec.encode({ term, isGranted: false }) });
    await all.time.pass(5_000);
    all.wire.crash(mole.host);
    await all.time.pass(5_000);
    await all.time.until(`${term}: somebody coordinates`, () => all.leader(honest) !== undefined, 20_000);
    all.end();
  }
});

test("a voter that lost its disk learns no term from one that lies, and is as if away until that is given up", async () => {
  const { all, mole, honest } = await electorate(13);
  const { number } = mole.cluster.register.configuration;
  const [lost, other] = honest as [Elector, Elector];
  await replace(all, mole, honest, { [RECALL]: recollectionCodec.encode({ number, ballot: { term: TERMS_PER_ERA - 1, approved: null } }) });
  lost.lose(other);
  void lost.transport.connect(mole.host, [all.wire.addressOf(mole.host)]).catch(() => {});
  await all.time.pass(10_000);
  assert.ok(lost.election.recalling.isNeeded);
  giveUp(mole, honest);
  await all.time.until("all elect", () => all.leader(honest) !== undefined, 30_000);
  all.end();
});
