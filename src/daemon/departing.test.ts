import assert from "node:assert/strict";
import test from "node:test";
import { departureCodec } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import type { KeyState, Sibling, Write } from "../records/index.ts";
import { writeDeparture } from "./departing.ts";

const [namespace, host] = ["network" as NamespaceId, "barn" as HostId];

/** A row with departures under these numbers of returns, and what is written to it. */
function rowOf(...returns: readonly number[]): { readonly context: KeyState["context"]; readonly written: Write[]; readonly records: Parameters<typeof writeDeparture>[0] } {
  const context: KeyState["context"] = [...EMPTY_CONTEXT];
  const written: Write[] = [];
  const siblings = returns.map((each) => ({ value: departureCodec.encode({ returns: each, number: 1, signatures: [] }) }) as unknown as Sibling);
  const local = (_: NamespaceId, key: string): KeyState | undefined => (siblings.length === 0 ? undefined : { key, siblings, context });
  const write = (writes: readonly Write[]) => Promise.resolve({ dots: [], copies: written.push(...writes), safe: true });
  return { context, written, records: { local, write } };
}

test("a departure takes the place of those under fewer returns, however many members have repeated them", async () => {
  const { context, written, records } = rowOf(...Array.from({ length: 63 }, () => 0), 1);
  await writeDeparture(records, namespace, host, { returns: 2, number: 1, signatures: [] });
  assert.deepEqual(written.map(({ key }) => key), [`gone/${host}`]);
  assert.equal(written[0]!.context, context, "what was read is superseded, and nothing else");
});

test("a departure never takes the place of one under as many returns or more", async () => {
  const { written, records } = rowOf(1, 2);
  for (const returns of [0, 1, 2]) await writeDeparture(records, namespace, host, { returns, number: 1, signatures: [] });
  assert.deepEqual(written, []);
});

test("the first departure of a host is written blindly: others may declare it gone at that moment", async () => {
  const { written, records } = rowOf();
  await writeDeparture(records, namespace, host, { returns: 0, number: 1, signatures: [] });
  assert.equal(written[0]!.context, EMPTY_CONTEXT);
});
