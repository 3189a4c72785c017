import assert from "node:assert/strict";
import test from "node:test";
import { fromChooser, publishable, suggestedName } from "./picked.ts";
import { previewOf } from "./preview.ts";
import { apart, foldersOf } from "./uploading.ts";

/** A file as a web browser hands it out. */
function file(name: string, relative = "", text = ""): File {
  return Object.defineProperty(new File([text], name), "webkitRelativePath", { value: relative });
}

test("a chosen folder's files have their paths in it, and the folder gives its name", () => {
  const picked = fromChooser([file("index.html", "Über uns/index.html"), file("a.png", "Über uns/pictures/a.png")]);
  assert.deepEqual([picked?.name, picked?.isFolder, picked?.files.map(({ path }) => path)], ["Über uns", true, ["index.html", "pictures/a.png"]]);
  assert.equal(suggestedName(picked!), "uber-uns");
  assert.equal(suggestedName({ ...picked!, name: "api" }), "", "kept for Holdfast itself");
  assert.equal(fromChooser([]), undefined);
});

test("one chosen file has its name, and several become things of their own when they are kept", () => {
  assert.deepEqual(fromChooser([file("a.txt")])?.name, "a.txt");
  const several = fromChooser([file("a.txt"), file("b.txt")])!;
  assert.deepEqual([several.name, apart(several).map(({ name, isFolder }) => [name, isFolder])], ["", [["a.txt", false], ["b.txt", false]]]);
  const dropped = { name: "", isFolder: true, files: [{ path: "x/y/z.txt", file: file("z.txt") }, { path: "w.txt", file: file("w.txt") }] };
  assert.deepEqual(apart(dropped).map(({ name, isFolder, files }) => [name, isFolder, files.map(({ path }) => path)]), [["x", true, ["y/z.txt"]], ["w.txt", false, ["w.txt"]]]);
});

test("what .holdfastignore names is not published, nor is the list itself, and what is seldom public is pointed out", async () => {
  const picked = fromChooser([file(".holdfastignore", "s/.holdfastignore", "*.log\n/drafts/\n"), file("a.log", "s/sub/a.log"), file("d.html", "s/drafts/d.html"), file("index.html", "s/index.html"), file("config", "s/.git/config")])!;
  const { files, doubtful } = await publishable(picked);
  assert.deepEqual([files.map(({ path }) => path), doubtful], [["index.html", ".git/config"], ".git/config"]);
});

test("every folder on the way to a file is named once, those above first", () => {
  assert.deepEqual(foldersOf(["a/b/c.txt", "a/d.txt", "e.txt", "f/g/h/i.txt"]), ["a", "a/b", "f", "f/g", "f/g/h"]);
});

test("a private page is never shown as a page, and what is very large is not shown at all", () => {
  assert.deepEqual(previewOf("a/page.HTML", 10), { kind: "text" });
  assert.deepEqual(previewOf("drawing.svg", 10), { kind: "picture", type: "image/svg+xml" });
  assert.deepEqual(previewOf("paper.pdf", 10), { kind: "pdf", type: "application/pdf" });
  for (const [path, size] of [["film.mp4", 1e9], ["log.txt", 1e7], ["program.exe", 1], ["constructor", 1], ["x.toString", 1]] as const) assert.equal(previewOf(path, size), undefined, path);
});
