import assert from "node:assert/strict";
import test from "node:test";
import { parseHeaderRules } from "./header-rules.ts";

function changes(text: string, ...parts: string[]): Record<string, string | null> {
  const { headers, faults } = parseHeaderRules(text);
  assert.deepEqual(faults, []);
  return Object.fromEntries([...headers.of({ parts, isFolder: false, query: "" })].map(([key, change]) => [key, change && change.value]));
}

const RULES = `# for all
/*
  X-Frame-Options: DENY
  Link: </a.css>; rel=preload

/docs/:page
  Link: </b.css>; rel=preload  # too
  Cache-Control: max-age=60
/docs/plain
  ! x-frame-options
`;

test("all paths that fit count, values of one name are joined, and what is taken away is gone", () => {
  assert.deepEqual(changes(RULES, "x"), { "x-frame-options": "DENY", link: "</a.css>; rel=preload" });
  assert.deepEqual(changes(RULES, "docs", "a"), { "x-frame-options": "DENY", link: "</a.css>; rel=preload, </b.css>; rel=preload", "cache-control": "max-age=60" });
  assert.equal(changes(RULES, "docs", "plain")["x-frame-options"], null);
  assert.deepEqual(changes("", "x"), {});
});

for (const [text, line, words] of [
  ["  X: y", 1, /before the first path/],
  ["docs\n  X: y", 1, /is no path/],
  ["https://a.example/*\n  X: y", 1, /is no path/],
  ["/*\n  no header", 2, /is no header/],
  ["/*\n  X y: z", 2, /is no header/],
  ["/*\n  X:", 2, /value of X/],
  ["/*\n  X: grün", 2, /value of X/],
  ["/*\n  Set-Cookie: a=b", 2, /cannot be chosen/],
  ["/*\n  content-length: 3", 2, /cannot be chosen/],
  ["/*\n  ! ETag", 2, /cannot be chosen/],
  ["/*\n  X-Holdfast-Host: me", 2, /cannot be chosen/],
] as const) {
  test(`the headers ${JSON.stringify(text)} are told with their line and left out`, () => {
    const { headers, faults } = parseHeaderRules(`${text}\n/last\n  X-Last: 1`);
    assert.deepEqual(faults.map((fault) => fault.line), [line]);
    assert.match(faults[0]!.words, words);
    assert.deepEqual([...headers.of({ parts: ["last"], isFolder: false, query: "" }).keys()], ["x-last"]);
  });
}

test("more paths and headers than the limits are left out", () => {
  const paths = Array.from({ length: 251 }, (_, at) => `/${at}\n  X: 1`).join("\n");
  assert.match(parseHeaderRules(paths).faults[0]!.words, /more than 250 paths/);
  assert.match(parseHeaderRules(`/*\n${Array.from({ length: 51 }, (_, at) => `  X-${at}: 1`).join("\n")}`).faults[0]!.words, /at most 50/);
});
