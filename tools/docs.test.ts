import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";

const ROOT = resolve(import.meta.dirname, "..");

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The codes that a room's errors.ts declares: the strings of its union type. */
export function declaredCodes(source: string): string[] {
  const union = /export type \w+ErrorCode =([^;]+);/.exec(source)?.[1] ?? "";
  return [...union.matchAll(/"([A-Z][A-Z0-9_]+)"/g)].map((match) => match[1]!);
}

/** The codes that docs/ERRORS.md explains: the first cell of a table's row. */
export function explainedCodes(markdown: string): string[] {
  return [...markdown.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map((match) => match[1]!);
}

test("docs/ERRORS.md explains every code that the rooms declare, and no other", () => {
  const declared = new Set(globSync("src/*/errors.ts", { cwd: ROOT }).flatMap((file) => declaredCodes(read(file))));
  const explained = explainedCodes(read("docs/ERRORS.md"));
  assert.deepEqual([...declared].filter((code) => !explained.includes(code)), [], "codes without an explanation");
  assert.deepEqual(explained.filter((code) => !declared.has(code)), [], "explanations of codes that are gone");
  assert.equal(new Set(explained).size, explained.length, "each code is explained once");
});

test("every declared code is used", () => {
  const sources = globSync("src/**/*.ts", { cwd: ROOT }).filter((file) => !file.endsWith("/errors.ts") && !file.endsWith(".test.ts") && file !== join("src", "door", "status.ts"));
  const used = sources.map(read).join("\n");
  const declared = globSync("src/*/errors.ts", { cwd: ROOT }).flatMap((file) => declaredCodes(read(file)).map((code) => `${file}: ${code}`));
  const raised = (code: string): boolean => used.includes(`"${code}"`) || globSync("src/*/errors.ts", { cwd: ROOT }).some((file) => new RegExp(`(?:new \\w+Error|super)\\(\\s*"${code}"`).test(read(file)));
  assert.deepEqual(declared.filter((each) => !raised(each.split(": ")[1]!)), []);
});

test("the check of error codes sees a code on either side", () => {
  assert.deepEqual(declaredCodes('export type XErrorCode = "ONE" | "TWO_2";'), ["ONE", "TWO_2"]);
  assert.deepEqual(explainedCodes("| `ONE` | it |\n| TWO | no |\n"), ["ONE"]);
});

test("docs/decisions/dependencies.md has a line for every dependency, and no other", () => {
  const manifest = JSON.parse(read("package.json")) as { dependencies: object; devDependencies: object };
  const expected = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)].sort();
  const listed = [...read("docs/decisions/dependencies.md").matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
  assert.deepEqual(listed.sort(), expected);
});

test("every link between the documents leads somewhere", () => {
  const broken: string[] = [];
  for (const file of ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT })]) {
    for (const [, target] of read(file).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      if (globSync(join(ROOT, file, "..", target!)).length === 0) broken.push(`${file}: ${target!}`);
    }
  }
  assert.deepEqual(broken, []);
});
