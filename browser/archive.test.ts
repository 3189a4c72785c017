import assert from "node:assert/strict";
import test from "node:test";
import type { PrivateRow } from "../src/door/index.ts";
import { archiveOf } from "./archive.ts";

function row(path: string, kind: "file" | "folder"): PrivateRow {
  return { path, kind, mode: 0o644, modifiedMs: Date.UTC(2026, 4, 5), sizeBytes: 1, sha256: null };
}

/** Names in the central directory of a zip, which is at its end (APPNOTE 4.3.12). */
function namesIn(zip: Buffer): string[] {
  const names: string[] = [];
  for (let at = zip.indexOf("PK\x01\x02", 0, "latin1"); at >= 0; at = zip.indexOf("PK\x01\x02", at + 4, "latin1")) names.push(zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  return names;
}

test("a folder comes as one archive with every file and folder under the folder's name, empty ones included", async () => {
  const begun: number[] = [];
  const rows = [row("a", "folder"), row("a/ü.txt", "file"), row("b.txt", "file"), row("empty", "folder")];
  const blob = await archiveOf("papers", rows, async (path) => new Response(`the text of ${path}`), (number) => begun.push(number));
  const zip = Buffer.from(await blob.arrayBuffer());
  assert.deepEqual([blob.type, namesIn(zip), begun], ["application/zip", ["papers/a/", "papers/a/ü.txt", "papers/b.txt", "papers/empty/"], [1, 2]]);
  assert.ok(zip.includes("the text of a/ü.txt") && zip.includes("the text of b.txt"));
});

test("an archive of which a file breaks off does not come at all", async () => {
  const broken = new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("the line broke")) }));
  await assert.rejects(archiveOf("papers", [row("a.txt", "file")], async () => broken, () => {}), /the line broke/);
});
