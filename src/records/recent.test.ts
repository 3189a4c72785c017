import assert from "node:assert/strict";
import test from "node:test";
import { idFromBytes } from "../codec/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import type { ChangedRow } from "./draft.ts";
import { RecentChanges } from "./recent.ts";

const namespace = idFromBytes<NamespaceId>(new Uint8Array(32).fill(7));

function row(key: string, sequence: number, group = 3): ChangedRow {
  return { namespace, key, group, sequence, tag: new Uint8Array(16).fill(sequence % 256) };
}

function keysSince(recent: RecentChanges, group: number, sequence: number): readonly string[] | undefined {
  return recent.since(group, sequence)?.map(({ key }) => key);
}

test("recent changes tell each row once, by its last number, beyond the number that is asked for", () => {
  const recent = new RecentChanges(10);
  recent.committed([row("a", 11), row("b", 12)]);
  recent.committed([row("a", 13)]);
  assert.deepEqual(keysSince(recent, 3, 10), ["b", "a"]);
  assert.deepEqual(keysSince(recent, 3, 12), ["a"]);
  assert.equal(recent.has(3, namespace, "a", row("a", 13).tag), true);
  assert.equal(recent.has(3, namespace, "a", row("a", 11).tag), false, "the tag before");
  assert.equal(recent.has(4, namespace, "a", row("a", 13).tag), false, "another group");
});

test("recent changes do not answer for numbers from before they began, nor for what they have forgotten", () => {
  const recent = new RecentChanges(10);
  assert.equal(recent.since(3, 9), undefined);
  recent.committed(Array.from({ length: 8192 }, (_, at) => row(`key ${at}`, 11 + at)));
  assert.equal(recent.since(3, 10)?.length, 8192);
  recent.committed([row("one more", 9000)]);
  assert.equal(recent.since(3, 10), undefined);
  assert.equal(recent.since(3, 11)?.length, 8192);
  assert.equal(recent.has(3, namespace, "key 0", row("key 0", 11).tag), false);
});

test("recent changes know nothing of a row that was deleted, and nothing at all once rows were mended by hand", () => {
  const recent = new RecentChanges(0);
  recent.committed([row("a", 1), row("b", 2)]);
  recent.gone(3, namespace, "a");
  assert.deepEqual(keysSince(recent, 3, 0), ["b"]);
  recent.clear(2);
  assert.equal(recent.since(3, 1), undefined);
  assert.deepEqual(keysSince(recent, 3, 2), []);
  assert.equal(recent.has(3, namespace, "b", row("b", 2).tag), false);
});
