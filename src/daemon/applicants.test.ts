import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import test from "node:test";
import fc from "fast-check";
import { APPLY, applicationCodec, commitmentTo, introductionCodec, nonceCodec } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { AnswerCall } from "../net/index.ts";
import { NetError } from "../net/index.ts";
import { connectCalls } from "./fakes/calls.ts";
import { CODE, Hours, Street, key } from "./fakes/street.ts";
import { Sponsors } from "./sponsors.ts";

const remote = (code: string) => (error: unknown): boolean => error instanceof NetError && error.remoteCode === code;

async function begun(): Promise<{ readonly street: Street; readonly machine: Sponsors }> {
  const street = new Street();
  const machine = new Sponsors(street.hours.env);
  street.places.set(key(1), machine);
  street.applicants.found(key(1), []);
  await nextTurn();
  return { street, machine };
}

async function asked(): Promise<{ readonly street: Street; readonly machine: Sponsors }> {
  const { street, machine } = await begun();
  machine.ask(machine.facts().sponsors[0]!.id as HostId, "den");
  await nextTurn();
  return { street, machine };
}

test("a host that finds a machine being set up shows itself there, is asked, and lets it in with an invite's code when its person says so", async () => {
  const { street, machine } = await asked();
  assert.deepEqual(machine.facts().sponsors, [{ id: key(100), host: "attic", network: "kin" }]);
  const [row] = street.applicants.list();
  const { digits, state } = machine.facts().asked!;
  assert.match(digits!, /^\d{6}$/);
  assert.deepEqual([state, row], ["waiting", { id: key(1), host: "den", address: "192.168.1.7", askedMs: 1_000_000, expiresMs: 1_600_000 }]);
  assert.equal(street.invites, 0);
  assert.deepEqual(await street.applicants.admit(key(1), digits!), row);
  await nextTurn();
  assert.deepEqual([machine.facts().asked!.state, machine.facts().asked!.code, street.applicants.list(), street.invites], ["admitted", CODE, [], 1]);
  await assert.rejects(street.applicants.admit(key(1), digits!), { code: "NO_APPLICATION" });
});

test("digits of another machine, or mistyped ones, let nobody in and cost nothing: the right ones do afterwards", async () => {
  const { street, machine } = await asked();
  const other = new Sponsors(street.hours.env);
  street.places.set(key(2), other);
  street.applicants.found(key(2), []);
  await nextTurn();
  other.ask(key(100), "shed");
  await nextTurn();
  const [mine, theirs] = [machine.facts().asked!.digits!, other.facts().asked!.digits!];
  assert.notEqual(mine, theirs);
  for (let at = 0; at < 30; at += 1) await assert.rejects(street.applicants.admit(key(2), mine), { code: "WRONG_DIGITS" });
  assert.deepEqual([street.invites, street.applicants.list().length, other.facts().asked!.state], [0, 2, "waiting"]);
  await street.applicants.admit(key(2), theirs);
  await nextTurn();
  assert.deepEqual([machine.facts().asked!.state, other.facts().asked!.state], ["waiting", "admitted"]);
});

test("a machine that was refused, or that nobody answered for ten minutes, is told, and may ask again", async () => {
  const { street, machine } = await asked();
  street.applicants.refuse(key(1));
  await nextTurn();
  assert.deepEqual([machine.facts().asked!.state, machine.facts().asked!.code, street.applicants.list()], ["refused", null, []]);
  machine.ask(key(100), "den");
  await nextTurn();
  await street.hours.pass(9 * 60_000);
  assert.equal(street.applicants.list().length, 1);
  await street.hours.pass(60_000);
  assert.deepEqual([machine.facts().asked!.state, street.applicants.list()], ["expired", []]);
  assert.throws(() => street.applicants.refuse(key(1)), { code: "NO_APPLICATION" });
});

test("whoever asks no longer, or has gone, is not let in any more", async () => {
  const { street, machine } = await asked();
  machine.withdraw();
  await nextTurn();
  assert.deepEqual([machine.facts().asked, street.applicants.list()], [null, []]);
  machine.ask(key(100), "den");
  await nextTurn();
  street.pairs[0]!.applicant.end();
  await nextTurn();
  assert.deepEqual([machine.facts().asked!.state, machine.facts().sponsors, street.applicants.list()], ["lost", [], []]);
  await assert.rejects(street.applicants.admit(key(1), "000000"), { code: "NO_APPLICATION" });
  assert.throws(() => machine.ask(key(100), "den"), { code: "NO_SUCH_HOST" });
  assert.equal(street.invites, 0);
});

test("a machine that stands between the two and passes everything on is seen by its digits", async () => {
  const { street, machine } = await begun();
  // It shows itself to the host as a machine that is being set up, and to the machine as the host.
  const between = await street.raw(2);
  const passOn: AnswerCall = (_call, kind, body, signal) => between.ask(kind, body, { timeoutMs: 1, signal });
  const pair = connectCalls({ key: key(1), answer: machine.answer }, { key: key(2), answer: passOn });
  machine.take(pair.applicant);
  await pair.sponsor.ask(APPLY.introduce, introductionCodec.encode({ host: "attic", network: "kin" }), { timeoutMs: 1 });
  machine.ask(key(2), "den");
  await nextTurn();
  // Its commitment is to other keys, so it does not even come as far as digits; and with a number of its own they are others.
  assert.deepEqual([machine.facts().asked!.state, street.applicants.list()], ["refused", []]);
  const nonce = new Uint8Array(32).fill(5);
  await between.ask(APPLY.ask, applicationCodec.encode({ host: "den", commitment: commitmentTo(nonce, { applicant: key(2), sponsor: key(100) }) }), { timeoutMs: 1 });
  between.ask(APPLY.open, nonceCodec.encode({ nonce }), { timeoutMs: 1 }).catch(() => {});
  await nextTurn();
  await assert.rejects(street.applicants.admit(street.applicants.list()[0]!.id as HostId, machine.facts().asked!.digits!), { code: "WRONG_DIGITS" });
});

test("a machine that shows another number than it committed to, or none, or two, is not shown to anybody", async () => {
  const street = new Street();
  const machine = await street.raw(3);
  const nonce = new Uint8Array(32).fill(5);
  const commitment = commitmentTo(nonce, { applicant: key(3), sponsor: key(100) });
  const ask = (): Promise<Uint8Array> => machine.ask(APPLY.ask, applicationCodec.encode({ host: "den", commitment }), { timeoutMs: 1 });
  const open = (shown: Uint8Array): Promise<Uint8Array> => machine.ask(APPLY.open, nonceCodec.encode({ nonce: shown }), { timeoutMs: 1 });
  await assert.rejects(open(nonce), remote("PROTOCOL"));
  await ask();
  await assert.rejects(open(new Uint8Array(32)), remote("PROTOCOL"));
  await assert.rejects(open(nonce), remote("PROTOCOL"));
  await assert.rejects(machine.ask("apply/else", new Uint8Array(0), { timeoutMs: 1 }), remote("PROTOCOL"));
  assert.deepEqual(street.applicants.list(), []);
});

test("names with other signs than names have are not taken, of hosts, networks and machines", async () => {
  const { street, machine } = await begun();
  const before = machine.facts().sponsors;
  for (const names of [{ host: "<b>attic</b>", network: "kin" }, { host: "attic", network: "kin\u202e" }]) {
    const pair = connectCalls({ key: key(1), answer: machine.answer }, { key: key(9), answer: async () => new Uint8Array(0) });
    machine.take(pair.applicant);
    await assert.rejects(pair.sponsor.ask(APPLY.introduce, introductionCodec.encode(names), { timeoutMs: 1 }), remote("BAD_HOST_NAME"));
  }
  assert.deepEqual(machine.facts().sponsors, before);
  const raw = await street.raw(3);
  const application = applicationCodec.encode({ host: "den\n", commitment: new Uint8Array(32) });
  await assert.rejects(raw.ask(APPLY.ask, application, { timeoutMs: 1 }), remote("BAD_HOST_NAME"));
  assert.throws(() => machine.ask(before[0]!.id as HostId, ""), { code: "BAD_HOST_NAME" });
});

test("whoever asks and hangs up again and again gets twenty attempts in an hour, whatever keys and addresses it has", async () => {
  const street = new Street();
  const ask = async (number: number): Promise<unknown> => (await street.raw(number, `192.168.1.${number}`)).ask(APPLY.ask, applicationCodec.encode({ host: "den", commitment: new Uint8Array(32) }), { timeoutMs: 1 });
  for (let at = 0; at < 20; at += 1) {
    await ask(10 + (at % 10));
    street.pairs.at(-1)!.applicant.end();
    await street.hours.pass(30_000 + 1);
  }
  // Ten minutes have passed meanwhile, in which a few more became possible.
  let more = 0;
  for (; more < 20; more += 1) {
    const machine = street.pairs.at(-1)!;
    if (machine.applicant.ended.aborted) await street.raw(50, "192.168.1.50");
    const isTaken = await street.pairs.at(-1)!.applicant.ask(APPLY.ask, applicationCodec.encode({ host: "den", commitment: new Uint8Array(32) }), { timeoutMs: 1 }).then(() => true, (error: unknown) => (assert.ok(remote("BUSY")(error)), false));
    if (!isTaken) break;
  }
  assert.ok(more <= 4, `${more} more`);
});

test("one machine with many keys does not close the door for others: from its address four may ask at once and two may wait, and the next is told that it was too much", async () => {
  const street = new Street();
  const [first, second, third] = [await street.asks(1, "192.168.1.66"), await street.asks(2, "192.168.1.66"), await street.asks(3, "192.168.1.66")];
  assert.deepEqual([first, second, third].map((each) => each.facts().asked!.state), ["waiting", "waiting", "busy"]);
  first.withdraw();
  second.withdraw();
  for (let at = 0; at < 2; at += 1) {
    third.ask(key(100), "den");
    await nextTurn();
  }
  assert.deepEqual([third.facts().asked!.state, street.applicants.list()], ["busy", []]);
  const honest = await street.asks(4, "192.168.1.7");
  assert.deepEqual([honest.facts().asked!.state, street.applicants.list().map(({ address }) => address)], ["waiting", ["192.168.1.7"]]);
});

test("of those that announce themselves, at most four of one address are gone to at once, and whoever is typed there is", async () => {
  const street = new Street();
  const found = [];
  for (let at = 1; at <= 6; at += 1) found.push(await street.raw(at, "192.168.1.66"));
  assert.deepEqual(found.map(({ ended }) => ended.aborted), [false, false, false, false, true, true]);
  const elsewhere = await street.raw(7, "192.168.1.7");
  found[0]!.end();
  const next = await street.raw(8, "192.168.1.66");
  // Typed addresses lead to the first in the street, which is at this one.
  await street.applicants.visit("192.168.1.66:4281");
  assert.deepEqual([elsewhere, next, street.pairs.at(-1)!.applicant].map(({ ended, peer, self }) => [ended.aborted, peer, self]), [[false, key(100), key(7)], [false, key(100), key(8)], [false, key(100), key(1)]]);
});

test("a flood of announcements leads to sixteen machines at once, each key once in half a minute, and to none where nobody may invite", async () => {
  const street = new Street();
  for (let at = 1; at < 90; at += 1) street.applicants.found(key(at), []);
  await nextTurn();
  assert.deepEqual(street.dialled, Array.from({ length: 16 }, (_, at) => key(at + 1)));
  await street.hours.pass(29_000);
  street.applicants.found(key(1), []);
  assert.equal(street.dialled.length, 16);
  await street.hours.pass(2_000);
  street.applicants.found(key(1), []);
  await nextTurn();
  assert.equal(street.dialled.length, 17);
  street.mayInvite = false;
  await street.hours.pass(60_000);
  street.applicants.found(key(1), []);
  await assert.rejects(street.applicants.visit("192.168.1.7:4281"), { code: "NO_ACCOUNT" });
  await nextTurn();
  assert.equal(street.dialled.length, 17);
});

test("a person may say where a machine is, also one that was found", async () => {
  const { street, machine } = await begun();
  await street.applicants.visit("192.168.1.7:4281");
  assert.equal(machine.facts().sponsors.length, 1);
  await assert.rejects(street.applicants.visit("nowhere"), { code: "BAD_ADDRESS" });
  street.pairs[0]!.applicant.end();
  await nextTurn();
  assert.deepEqual(machine.facts().sponsors, []);
  await street.applicants.visit("192.168.1.7:4281");
  assert.equal(machine.facts().sponsors.length, 1);
});

test("whoever comes to a machine and does not say who it is, is let go; what is no code is not taken for one", async () => {
  const hours = new Hours();
  const machine = new Sponsors(hours.env);
  const silent = connectCalls({ key: key(1), answer: machine.answer }, { key: key(8), answer: async () => new Uint8Array(0) });
  machine.take(silent.applicant);
  await hours.pass(10_000);
  assert.ok(silent.sponsor.ended.aborted);
  const liar = connectCalls({ key: key(1), answer: machine.answer }, { key: key(9), answer: async (_call, kind) => (kind === APPLY.ask ? nonceCodec.encode({ nonce: new Uint8Array(32) }) : new Uint8Array(9)) });
  machine.take(liar.applicant);
  await liar.sponsor.ask(APPLY.introduce, introductionCodec.encode({ host: "attic", network: "kin" }), { timeoutMs: 1 });
  machine.ask(key(9), "den");
  await nextTurn();
  assert.deepEqual([machine.facts().asked!.state, machine.facts().asked!.code], ["lost", null]);
});

test("whatever a machine or a host sends at either end is refused with a code, and shown to nobody", async () => {
  const street = new Street();
  const raw = await street.raw(3);
  const machine = new Sponsors(street.hours.env);
  const host = connectCalls({ key: key(1), answer: machine.answer }, { key: key(9), answer: async () => new Uint8Array(0) });
  machine.take(host.applicant);
  const isTold = (error: unknown): boolean => error instanceof NetError && error.remoteCode !== undefined && error.remoteCode !== "INTERNAL";
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.values(APPLY), "else"), fc.uint8Array({ maxLength: 80 }), async (kind, body) => {
      await assert.rejects(raw.ask(kind, body, { timeoutMs: 1 }), isTold);
      await assert.rejects(host.sponsor.ask(kind, body, { timeoutMs: 1 }), isTold);
    }),
    { numRuns: 60 },
  );
  assert.deepEqual([street.applicants.list(), machine.facts().sponsors], [[], []]);
});
