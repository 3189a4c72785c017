import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId } from "../codec/index.ts";
import { compareDots, contains, isCanonical, union, withDot, withoutPast } from "./context.ts";
import { addVersion, closed, contextOf, merge } from "./merge.ts";
import type { Version } from "./merge.ts";
import type { Actor, Context, Dot } from "./port.ts";
import { EMPTY_CONTEXT } from "./port.ts";

const actors: readonly Actor[] = [1, 2, 3].flatMap((incarnation) => ["a", "b"].map((host) => ({ host: host as HostId, incarnation })));
const name = ({ actor, counter }: Dot): string => `${actor.host}${actor.incarnation}:${counter}`;
const names = (versions: readonly Version[]): string[] => versions.map(({ dot }) => name(dot));

const dots = fc.array(fc.record({ actor: fc.constantFrom(...actors), counter: fc.integer({ min: 1, max: 9 }) }), { maxLength: 20 });
const setOf = (list: readonly Dot[]): Context => list.reduce<Context>(withDot, EMPTY_CONTEXT);

test("a context holds exactly the dots that were put in, in one form, whatever their order", () => {
  fc.assert(
    fc.property(dots, dots, (left, right) => {
      const both = union(setOf(left), setOf(right));
      assert.ok(isCanonical(both));
      assert.deepEqual(both, setOf([...right, ...left]));
      const held = new Set([...left, ...right].map(name));
      for (const actor of actors) {
        for (let counter = 1; counter <= 10; counter += 1) assert.equal(contains(both, { actor, counter }), held.has(name({ actor, counter })));
      }
    }),
  );
});

test("whoever writes names no past that is over and known here, and everything else of what was read", () => {
  const version = fc.record({ dot: fc.record({ actor: fc.constantFrom(...actors), counter: fc.integer({ min: 1, max: 9 }) }), context: dots.map(setOf) });
  // No two of a key have one dot.
  const versions = fc.uniqueArray(version, { maxLength: 5, selector: ({ dot }) => name(dot) });
  fc.assert(
    fc.property(dots.map(setOf), versions, (read, there) => {
      const known = contextOf(there);
      const named = withoutPast(read, known, there, (host) => host === "a");
      assert.ok(isCanonical(named));
      for (const actor of actors) {
        const counters = Array.from({ length: 10 }, (_, at) => at + 1).filter((counter) => contains(read, { actor, counter }));
        const isOver = actor.host === "a" && counters.every((counter) => contains(known, { actor, counter }));
        const isThere = (counter: number): boolean => there.some(({ dot }) => compareDots(dot, { actor, counter }) === 0);
        for (let counter = 1; counter <= 10; counter += 1) assert.equal(contains(named, { actor, counter }), counters.includes(counter) && (!isOver || isThere(counter)));
      }
    }),
  );
});

test("a context in another than its one form is recognised", () => {
  const [first, second] = [actors[0]!, actors[1]!];
  const bad: Context[] = [
    [{ actor: first, upTo: 0, extra: [] }],
    [{ actor: first, upTo: 2, extra: [3] }],
    [{ actor: first, upTo: 2, extra: [6, 5] }],
    [{ actor: second, upTo: 1, extra: [] }, { actor: first, upTo: 1, extra: [] }],
    [{ actor: first, upTo: 1, extra: [] }, { actor: first, upTo: 2, extra: [] }],
  ];
  for (const context of bad) assert.equal(isCanonical(context), false);
});

/** Who writes, on whose state, having read it or not; and which states are joined. Replica 0 to 3, each with an actor of its own. */
type Step = { readonly kind: "write" | "blind" | "read elsewhere" | "join"; readonly at: number; readonly other: number };
const steps = fc.array(fc.record({ kind: fc.constantFrom<Step["kind"]>("write", "blind", "read elsewhere", "join"), at: fc.nat(3), other: fc.nat(3) }), { maxLength: 40, size: "max" });

interface History {
  readonly states: readonly (readonly Version[])[];
  readonly written: readonly Version[];
}

function play(script: readonly Step[]): History {
  const states: (readonly Version[])[] = [[], [], [], []];
  const taken = [0, 0, 0, 0];
  const written: Version[] = [];
  for (const { kind, at, other } of script) {
    if (kind === "join") {
      states[at] = merge(states[at]!, states[other]!);
      continue;
    }
    const context = kind === "blind" ? EMPTY_CONTEXT : contextOf(states[kind === "write" ? at : other]!);
    taken[at]! += 1;
    const version = { dot: { actor: actors[at]!, counter: taken[at]! }, context };
    written.push(version);
    states[at] = addVersion(states[at]!, version).siblings;
  }
  return { states, written };
}

test("merge is commutative, associative and idempotent over what writers and partial replicas can bring about", () => {
  fc.assert(
    fc.property(steps, fc.nat(3), fc.nat(3), fc.nat(3), (script, i, j, k) => {
      const { states } = play(script);
      const [a, b, c] = [states[i]!, states[j]!, states[k]!];
      assert.deepEqual(merge(a, b), merge(b, a));
      assert.deepEqual(merge(merge(a, b), c), merge(a, merge(b, c)));
      assert.deepEqual(merge(a, a), a);
      assert.deepEqual(merge(merge(a, b), b), merge(a, b));
    }),
    { numRuns: 1000 },
  );
});

test("merge lets no version go but one whose dot another's writer had read", () => {
  fc.assert(
    fc.property(steps, (script) => {
      const { states, written } = play(script);
      const all = states.reduce(merge);
      for (const version of written) {
        const isPresent = names(all).includes(name(version.dot));
        const isRead = written.some((other) => contains(other.context, version.dot));
        assert.equal(isPresent, !isRead, `${name(version.dot)} present ${isPresent}, read ${isRead}`);
      }
    }),
    { numRuns: 1000 },
  );
});

test("the order in which versions arrive makes no difference", () => {
  fc.assert(
    fc.property(
      steps.map((script) => play(script).written).chain((written) => fc.tuple(fc.constant(written), fc.shuffledSubarray([...written], { minLength: written.length }))),
      ([written, shuffled]) => {
        assert.deepEqual(merge([], shuffled), merge([], written));
      },
    ),
  );
});

test("a reader of a partial replica kills what it read and nothing else", () => {
  const a = actors[0]!;
  const five = { dot: { actor: a, counter: 5 }, context: EMPTY_CONTEXT };
  const seven = { dot: { actor: a, counter: 7 }, context: EMPTY_CONTEXT };
  const reader = { dot: { actor: actors[1]!, counter: 1 }, context: contextOf([seven]) };
  assert.deepEqual(names(merge([five, seven], [reader])), ["a1:5", "b1:1"]);
});

test("a version that comes after its successor is dropped", () => {
  const first = { dot: { actor: actors[0]!, counter: 1 }, context: EMPTY_CONTEXT };
  const second = { dot: { actor: actors[1]!, counter: 1 }, context: contextOf([first]) };
  assert.equal(addVersion([second], first).outcome, "superseded");
  assert.equal(addVersion([second], second).outcome, "present");
  assert.ok(compareDots(first.dot, second.dot) < 0);
});

test("a context that a caller left incomplete is closed over what is known here", () => {
  const first = { dot: { actor: actors[0]!, counter: 1 }, context: EMPTY_CONTEXT };
  const second = { dot: { actor: actors[1]!, counter: 1 }, context: contextOf([first]) };
  const named = setOf([second.dot]);
  assert.ok(!contains(named, first.dot));
  assert.ok(contains(closed(named, [second]), first.dot));
});

test("what is known of a key is exactly what all its versions know, and is found in good time where a member left many with the largest contexts", () => {
  const own = (context: number, at: number): Actor => ({ host: "a" as HostId, incarnation: context * 4000 + at });
  const siblings = Array.from({ length: 180 }, (_, context) => ({
    dot: { actor: { host: "b" as HostId, incarnation: 1 }, counter: context + 1 },
    context: Array.from({ length: 4000 }, (_, at) => ({ actor: own(context, at + 1), upTo: 1, extra: [] })),
  }));
  const before = process.cpuUsage();
  const known = contextOf(siblings);
  assert.equal(closed(known, siblings).length, known.length);
  assert.equal(addVersion(siblings, { ...siblings[0]!, dot: { actor: own(200, 1), counter: 1 } }).outcome, "added");
  const { user } = process.cpuUsage(before);
  assert.ok(user < 2_000_000, `${user} µs`);
  assert.equal(known.length, 180 * 4000 + 1);
  assert.ok(siblings.every(({ dot, context }) => contains(known, dot) && contains(known, { actor: context.at(-1)!.actor, counter: 1 })));
});
