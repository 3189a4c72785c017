import assert from "node:assert/strict";
import test from "node:test";
import { ZipBuffer } from "node:zlib";
import fc from "fast-check";
import type { EntryView } from "../../drive/index.ts";
import type { ArchiveRow } from "./archive.ts";
import { archiveBytes, archiveOf } from "./archive.ts";

function rowOf(path: string, sizeBytes: number, more: Partial<ArchiveRow> = {}): ArchiveRow {
  return { path, kind: "file", mode: 0o640, modifiedMs: Date.UTC(2026, 10, 28, 9, 30, 14), sizeBytes, ...more };
}

/** Whose files consist of the letter "y". @param given how many bytes come of each */
function viewOf(rows: readonly ArchiveRow[], given = (sizeBytes: number): number => sizeBytes, onEnd = (): void => {}): EntryView {
  const sizes = new Map(rows.map(({ path, sizeBytes }) => [path, sizeBytes]));
  return {
    info: { name: "many" },
    async *together(paths: readonly string[]) {
      try {
        for (let left = paths.reduce((sum, path) => sum + given(sizes.get(path)!), 0); left > 0; left -= 7) yield Buffer.alloc(Math.min(left, 7), "y");
      } finally {
        onEnd();
      }
    },
  } as unknown as EntryView;
}

async function zipOf(view: EntryView, rows: readonly ArchiveRow[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(archiveOf(view, rows, new AbortController().signal)));
}

test("an archive has every file and folder with its bytes, permissions and second under its name, and the length that was said before", async () => {
  const path = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }).map((text) => text.toWellFormed().replaceAll("/", "_"));
  const facts = { mode: fc.nat(0o777), modifiedMs: fc.nat(2 ** 40) };
  const row = fc.oneof(fc.record({ ...facts, path, kind: fc.constant("file" as const), sizeBytes: fc.nat(60) }), fc.record({ ...facts, path, kind: fc.constant("folder" as const), sizeBytes: fc.constant(0) }));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(row, { selector: (each) => each.path, maxLength: 12 }), async (rows) => {
      const view = viewOf(rows);
      const zip = await zipOf(view, rows);
      assert.equal(zip.length, archiveBytes(view, rows));
      const found = new ZipBuffer(zip).values().map((entry) => [entry.name, entry.contentSync().toString(), entry.mode & 0o777, Math.floor(entry.modified.getTime() / 1000)]);
      assert.deepEqual([...found], rows.map((each) => [`many/${each.path}${each.kind === "folder" ? "/" : ""}`, "y".repeat(each.sizeBytes), each.mode, Math.floor(each.modifiedMs / 1000)]));
    }),
    { numRuns: 60 },
  );
});

test("an archive tells moments before 1970 and after 2038 as near as it can", async () => {
  const rows = [rowOf("a", 0, { modifiedMs: -1 }), rowOf("b", 0, { modifiedMs: 1e17 })];
  const zip = await zipOf(viewOf(rows), rows);
  assert.deepEqual([...new ZipBuffer(zip).values()].map(({ modified }) => modified.getTime()), [0, (2 ** 31 - 1) * 1000]);
  assert.equal(zip.length, archiveBytes(viewOf(rows), rows));
});

test("an archive of more files than are asked for together has each with its own bytes", async () => {
  const rows = Array.from({ length: 130 }, (_, at) => rowOf(String(at), at % 3));
  let ended = 0;
  const found = new ZipBuffer(await zipOf(viewOf(rows, undefined, () => (ended += 1)), rows));
  assert.deepEqual([...found.values()].map((entry) => entry.contentSync().length), rows.map(({ sizeBytes }) => sizeBytes));
  assert.equal(ended, 3);
});

test("an archive whose reader goes away ends the reading, and one whose files end too early does not look whole", async () => {
  const rows = [rowOf("a", 20_000), rowOf("b", 5)];
  const ended = Promise.withResolvers<void>();
  for await (const part of archiveOf(viewOf(rows, undefined, ended.resolve), rows, new AbortController().signal)) if (part.length === 7) break;
  await ended.promise;
  await assert.rejects(zipOf(viewOf(rows, (size) => size - 1), rows), { code: "INTERNAL" });
});
