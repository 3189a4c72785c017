import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const BROWSER = resolve(import.meta.dirname, "../browser");
const SCRIPT_BYTES_MAX = 120_000;

/** What of `src` a page may be made of: types of what the API says, words that the command line says too, and what names mean. None of these imports anything of Node. */
const FROM_SRC: Readonly<Record<string, RegExp>> = { "src/door/index.ts": /^import type /, "src/cli/amounts.ts": /^import /, "src/cli/parting.ts": /^import /, "src/cli/host-state.ts": /^import /, "src/cli/nearby-words.ts": /^import /, "src/cli/setup-words.ts": /^import /, "src/door/survival-words.ts": /^import /, "src/cli/transfer/seldom-public.ts": /^import /, "src/site/site-name.ts": /^import / };

function sources(): string[] {
  return readdirSync(BROWSER, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file) && !file.startsWith("built"));
}

function read(file: string): string {
  return readFileSync(join(BROWSER, file), "utf8");
}

/** Says what is wrong with a line that imports from `src`, or nothing. */
export function fault(line: string): string | undefined {
  const target = /from "(?:\.\.\/)+(src\/[^"]+)"/.exec(line)?.[1];
  return target === undefined || FROM_SRC[target]?.test(line) === true ? undefined : line;
}

/** Words between the tags of a page, which belong into texts.ts. */
export function wordsIn(source: string): string[] {
  return [...source.matchAll(/>([^<>{}=;()]*[A-Za-z]{2,}[^<>{}=;()]*)<\//g)].map((match) => match[1]!.trim());
}

test("the Browser takes of the program only types, words, and what names mean", () => {
  const faults = sources().filter((file) => !file.endsWith(".test.ts")).flatMap((file) => read(file).split("\n").map((line) => fault(line))).filter((each) => each !== undefined);
  assert.deepEqual(faults, []);
});

test("what the Browser says stands in texts.ts alone", () => {
  assert.deepEqual(sources().filter((file) => file.endsWith(".tsx")).flatMap((file) => wordsIn(read(file)).map((words) => `${file}: ${words}`)), []);
});

test("no page makes elements of text, keeps cookies or asks anybody else", () => {
  const banned = /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|document\.cookie|\beval\(|new Function|https?:\/\/[a-z]/;
  assert.deepEqual(sources().filter((file) => !/\.test\.ts$|vite\.config/.test(file) && banned.test(read(file))), []);
});

test("the checks of the Browser's sources see what they look for", () => {
  assert.equal(fault('import type { HostRow } from "../../src/door/index.ts";'), undefined);
  assert.equal(fault('import { count } from "../src/cli/amounts.ts";'), undefined);
  for (const line of ['import { createDoor } from "../src/door/index.ts";', 'import type { Pool } from "../src/pool/index.ts";']) assert.equal(fault(line), line);
  assert.deepEqual(wordsIn("<p>Some words</p><b>{texts.a}</b><Row<T>></p>"), ["Some words"]);
});

test("no source file of the Browser has more than 400 lines", () => {
  assert.deepEqual(sources().filter((file) => read(file).split("\n").length > 401), []);
});

test("the Browser is one script of less than 120 kB compressed, one style and one icon", async () => {
  const { output } = (await build({ root: BROWSER, logLevel: "error", build: { write: false } })) as { output: { fileName: string; code?: string }[] };
  assert.deepEqual(output.map(({ fileName }) => fileName).sort(), ["browser.css", "browser.js"]);
  const script = output.find(({ fileName }) => fileName === "browser.js")!.code!;
  const bytes = gzipSync(script).length;
  assert.ok(bytes < SCRIPT_BYTES_MAX, `${bytes} bytes`);
  assert.deepEqual(readdirSync(join(BROWSER, "public")), ["icon.svg"]);
});
