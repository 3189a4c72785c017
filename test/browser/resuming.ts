import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import type { Browser } from "playwright-core";
import type { EntryView } from "../../src/drive/index.ts";
import { FakeNode, TestDoor } from "../../src/door/fakes/harness.ts";
import { Visit } from "./browser.ts";

const BUILT = resolve(import.meta.dirname, "../../browser/built");
const SIZE_BYTES = 4_000_000;

/** The view of a folder whose files cannot be read to their end when they are first read. @param begins where each reading began */
function breaking(view: EntryView, begins: number[]): EntryView {
  return {
    ...view,
    file: async (path) => {
      const file = (await view.file(path))!;
      return {
        ...file,
        async *read(offset, length, options) {
          begins.push(offset);
          if (begins.length > 1) return yield* file.read(offset, length, options);
          yield* file.read(offset, length / 2, options);
          throw new Error("broken by the test");
        },
      };
    },
  };
}

/** Chromium does so by itself, without a click, where a host says that it can: with a strong ETag and Accept-Ranges. */
export async function tryResuming(browser: Browser): Promise<void> {
  const node = new FakeNode();
  await using door = await TestDoor.open(node, { browserFolders: [BUILT] });
  const film = randomBytes(SIZE_BYTES);
  const upload = await node.entries.put({ name: "film.mkv", kind: "file" });
  await upload.add({ path: "film.mkv", mode: 0o644, modifiedMs: 3 }, Readable.from([film]));
  await upload.commit();
  const begins: number[] = [];
  const open = node.entries.open.bind(node.entries);
  node.entries.open = async (id) => breaking(await open(id), begins);
  await using context = await browser.newContext();
  const { page } = await Visit.begin(context);
  await page.goto(door.door.browserLink());
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByRole("link", { name: "film.mkv" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  assert.ok((await readFile(await download.path())).equals(film));
  assert.equal(begins.length, 2);
  assert.ok(begins[1]! > 0, "it did not begin anew");
}
