import assert from "node:assert/strict";
import test from "node:test";
import type { EntryView } from "../../src/drive/index.ts";
import type { ArchiveRow } from "../../src/door/api/archive.ts";
import { archiveBytes, archiveOf } from "../../src/door/api/archive.ts";

const CHUNK = Buffer.alloc(256 * 1024);

/** Whose files consist of zeros. */
function viewOf(rows: readonly ArchiveRow[]): EntryView {
  const sizes = new Map(rows.map(({ path, sizeBytes }) => [path, sizeBytes]));
  return {
    info: { name: "large" },
    async *together(paths: readonly string[]) {
      for (let left = paths.reduce((sum, path) => sum + sizes.get(path)!, 0); left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length));
    },
  } as unknown as EntryView;
}

async function isAsLongAsSaid(rows: readonly ArchiveRow[]): Promise<void> {
  let bytes = 0;
  for await (const part of archiveOf(viewOf(rows), rows, new AbortController().signal)) bytes += part.length;
  assert.equal(bytes, archiveBytes(viewOf(rows), rows));
}

function file(path: string, sizeBytes: number): ArchiveRow {
  return { path, kind: "file", mode: 0o644, modifiedMs: 3, sizeBytes };
}

// When the runtime changes how it lays archives out, the shorter ones of `npm test` say so first.
test("an archive is as long as was said before when sizes and places in it take 64 bits", () => isAsLongAsSaid([file("small", 3), file("largest of 32 bits", 2 ** 32 - 2), file("film.mkv", 2 ** 32 - 1), file("behind", 4)]));

test("an archive is as long as was said before when its items can be counted in 16 bits, and when not", async () => {
  for (const items of [65_534, 65_535]) await isAsLongAsSaid(Array.from({ length: items }, (_, at) => file(String(at), 0)));
});
