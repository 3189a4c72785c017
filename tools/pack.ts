import { cp, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, resolve } from "node:path";

// Node refuses to strip types below node_modules, so a package carries JavaScript: the same lines and columns, without the types.

const ROOT = resolve(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

/** Tests and what only they use stay behind. */
const FOR_TESTS = /\.(?:test|contract|fixture)\.ts$|\/(?:fakes|fixtures)\/|\/(?:harness|test-hosts|specimens)\.ts$/;

/** An import of a sibling file ends in ".js" where it ended in ".ts". */
function renameImports(source: string): string {
  return source.replaceAll(/((?:from|import)\s*\(?\s*["']\.{1,2}\/[^"']+)\.ts(["'])/g, "$1.js$2");
}

await rm(DIST, { recursive: true, force: true });
for await (const file of glob("src/**/*.ts", { cwd: ROOT })) {
  if (FOR_TESTS.test(file)) continue;
  const target = join(DIST, file.replace(/\.ts$/, ".js"));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, renameImports(stripTypeScriptTypes(await readFile(join(ROOT, file), "utf8"))));
}
await cp(join(ROOT, "package.json"), join(DIST, "package.json"));
