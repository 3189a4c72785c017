import assert from "node:assert/strict";
import test from "node:test";
import type { EntryFaultRow, EntryRow, WhereRow } from "../../door/index.ts";
import { ApiError } from "../errors.ts";
import { whereIs } from "./where.ts";

const entry = (id: string, name: string): EntryRow => ({ id, name, kind: "file", files: 1, folders: 0, sizeBytes: 1, createdMs: 1 });
const KEPT = [entry("abcdefgh", "film"), entry("abxyzxyz", "notes"), entry("zzzzzzzz", "notes"), entry("qqqqqqqq", "blog"), { id: "ffffffff", code: "BAD_SEAL", message: "it cannot be read" }];
const unknown = new ApiError(404, "UNKNOWN_PACK", "there is no such thing");

/** A host that knows the site "blog", and entries by their whole ids alone. */
function ask(wanted: string, kept: readonly (EntryRow | EntryFaultRow)[] | Error = KEPT): Promise<WhereRow> {
  const where = async (id: string): Promise<WhereRow> => {
    const what = id === "blog" ? "site" : KEPT.some((each) => each.id === id) ? "entry" : undefined;
    if (what === undefined) throw unknown;
    return { what, id, survives: 1, packs: [], more: 0 };
  };
  const list = async function* (): AsyncGenerator<EntryRow | EntryFaultRow> {
    if (kept instanceof Error) throw kept;
    yield* kept;
  };
  return whereIs({ where }, { list }, wanted);
}

test("what was put is found by its name, its id and the beginning of that, and a site goes before an entry of its name", async () => {
  for (const wanted of ["film", "abcdefgh", "abcd"]) assert.deepEqual([(await ask(wanted)).what, (await ask(wanted)).id], ["entry", "abcdefgh"], wanted);
  assert.equal((await ask("blog")).what, "site");
});

test("what is neither site nor pack nor entry is told as that, also by a host that acts for nobody", async () => {
  await assert.rejects(ask("nothing"), unknown);
  await assert.rejects(ask("abc"), unknown);
  for (const code of ["NO_ACCOUNT", "NO_ACCOUNT_KEY"]) await assert.rejects(ask("film", new ApiError(403, code, "nobody")), unknown);
});

test("a name of several entries, and a list that breaks off, are told as what they are", async () => {
  await assert.rejects(ask("notes"), { code: "USAGE" });
  await assert.rejects(ask("film", new ApiError(503, "UNAVAILABLE", "not now")), { code: "UNAVAILABLE" });
});
