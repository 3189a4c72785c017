import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { MAX_REDIRECTS, parseRedirects } from "./redirects.ts";
import type { RulePath } from "./rule-path.ts";

function pathOf(target: string): RulePath {
  const [path, query] = target.split("?");
  const parts = path!.slice(1).split("/").map(decodeURIComponent);
  const isFolder = parts.at(-1) === "";
  if (isFolder) parts.pop();
  return { parts, isFolder, query: query === undefined ? "" : `?${query}` };
}

function answer(rules: string, target: string, forcedOnly = false): string | undefined {
  const { redirects, faults } = parseRedirects(rules);
  assert.deepEqual(faults, []);
  const found = redirects.find(pathOf(target), forcedOnly);
  return found && `${found.status} ${found.location}`;
}

for (const [rules, target, wanted] of [
  ["/old /new", "/old", "301 /new"],
  ["/old /new", "/old/", "301 /new"],
  ["/old/ /new 302", "/old", "302 /new"],
  ["/old /new", "/older", undefined],
  ["/old /new", "/old?a=1&b=2", "301 /new?a=1&b=2"],
  ["/old /new?c=3#part", "/old?a=1", "301 /new?c=3#part"],
  ["/old /new#part", "/old?a=1", "301 /new?a=1#part"],
  ["/a /1 302\n/a /2", "/a", "302 /1"],
  ["/* /all\n/a /own", "/a", "301 /all"],
  ["/a /own\n/* /all", "/b/c", "301 /all"],
  ["/* /index.html 200", "/", "200 /index.html"],
  ["/* /index.html 200", "/a/b/c", "200 /index.html"],
  ["/news/* /blog/:splat", "/news/2004/01", "301 /blog/2004/01"],
  ["/news/* /blog/:splat", "/news/2004/", "301 /blog/2004/"],
  ["/news/* /blog/:splat", "/news", "301 /blog/"],
  ["/news/:year/:slug /blog/:slug-in-:year 307", "/news/2004/%C3%A4pfel", "307 /blog/%C3%A4pfel-in-2004"],
  ["/news/:year /blog/:year", "/news", undefined],
  ["/news/:year /blog/:year", "/news/2004/01", undefined],
  ["/store id=:id /blog/:id", "/store?id=my%2Fpost", "301 /blog/my%2Fpost"],
  ["/store id=:id /blog/:id", "/store", undefined],
  ["/store id=7 /seven", "/store?x=1&id=7", "301 /seven"],
  ["/store id=7 /seven", "/store?id=8", undefined],
  ["/s q=:q https://find.example:8080/?text=:q 303", "/s?q=a%26b%3Dc", "303 https://find.example:8080/?text=a%26b%3Dc"],
  ["/out/* https://example.org/:splat 308", "/out/a/b", "308 https://example.org/a/b"],
  ["/go/* /:splat 302", "/go//evil.example/x", "302 /evil.example/x"],
  ["/ /de/ 302", "/", "302 /de/"],
  ["/gr%C3%BC%C3%9Fe /hallo", "/gr%C3%BC%C3%9Fe", "301 /hallo"],
  ["/grüße /größe", "/gr%C3%BC%C3%9Fe", "301 /gr%C3%B6%C3%9Fe"],
  ["/blog/ /blog", "/blog/", undefined],
  ["/blog /blog/", "/blog", undefined],
  ["/x/* /x/:splat", "/x/y", undefined],
  ["# all\n\n  /old   /new   302   # moved\r\n/o /n", "/old", "302 /new"],
  ["\uFEFF/old /new", "/old", "301 /new"],
  ["/a.php /gone 410", "/a.php", "410 /gone"],
] as const) {
  test(`the rules ${JSON.stringify(rules)} answer ${target} with ${wanted ?? "nothing"}`, () => {
    assert.equal(answer(rules, target), wanted);
  });
}

test("forced rules are told from those that step back behind a file", () => {
  assert.equal(answer("/a /b 301\n/c /d 200!", "/a", true), undefined);
  assert.equal(answer("/a /b 301\n/c /d 200!", "/c", true), "200 /d");
});

for (const [rule, words] of [
  ["old /new", /must begin with a path/],
  ["https://old.example/a /new", /whole addresses/],
  ["/old", /not where to go/],
  ["/old new", /not where to go/],
  ["/a*b /new", /only be the last part/],
  ["/a/*/b /new", /only be the last part/],
  ["/:a/:a /new", /stands in it twice/],
  ["/%zz /new", /broken percent sign/],
  ["/a /b 200x", /status 200x/],
  ["/a /b 500", /status 500/],
  ["/a https://b.example/ 200", /sends a file of the site itself/],
  ["/:host/* https://:host/:splat", /no address with a host name/],
  ["/* https://user@host.example/:splat", /no address with a host name/],
  ["/a /b/:c", /uses :c/],
  ["/a /b/:splat", /uses :splat/],
  ["/ /de 302 Language=de", /condition Language=de/],
  ["/ /de 302 something", /not understood/],
  ["/a b /c", /query parameters/],
  [`/a /${"b".repeat(3000)}`, /longer than/],
] as const) {
  test(`the rule ${JSON.stringify(rule.slice(0, 50))} is told with its line and left out, and the others count`, () => {
    const { redirects, faults } = parseRedirects(`/first /1\n${rule}\n/last /2`);
    assert.deepEqual(faults.map(({ line }) => line), [2]);
    assert.match(faults[0]!.words, words);
    assert.equal(redirects.find(pathOf("/last"), false)?.location, "/2");
  });
}

test("rules beyond the limit are left out, which is told once", () => {
  const { redirects, faults } = parseRedirects(Array.from({ length: MAX_REDIRECTS + 50 }, (_, at) => `/${at} /x`).join("\n"));
  assert.deepEqual(faults.map(({ line }) => line), [MAX_REDIRECTS + 1]);
  assert.notEqual(redirects.find(pathOf(`/${MAX_REDIRECTS - 1}`), false), undefined);
  assert.equal(redirects.find(pathOf(`/${MAX_REDIRECTS}`), false), undefined);
});

test("a query is taken apart once, however many rules ask for its parameters", () => {
  const { redirects } = parseRedirects(Array.from({ length: MAX_REDIRECTS }, (_, at) => `/* a${at}=:x /b/:x 302`).join("\n"));
  let reads = 0;
  const path: RulePath = {
    parts: ["a"],
    isFolder: false,
    get query() {
      reads += 1;
      return `?a${MAX_REDIRECTS - 1}=first&a${MAX_REDIRECTS - 1}=second`;
    },
  };
  assert.equal(redirects.find(path, false)?.location, "/b/first");
  assert.ok(reads < 5, `${reads} times`);
});

test("no visitor chooses the host of an address, and none makes a header of it, whatever is captured", () => {
  const { redirects } = parseRedirects("/in/* /:splat 302\n/q t=:t /x?u=:t 302\n/one/:name /:name 302\n/out/* https://example.org/:splat 302");
  fc.assert(
    fc.property(fc.constantFrom("in", "one", "out"), fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "..", "evil.example", "\r\nX: y", "@", ":80"))), fc.boolean(), (first, rest, isFolder) => {
      const found = redirects.find({ parts: [first, ...rest], isFolder, query: "" }, false);
      if (found === undefined) return;
      assert.match(found.location, /^[\x21-\x7e]+$/);
      const host = new URL(found.location, "http://blog.localhost/").host;
      assert.equal(host, first === "out" ? "example.org" : "blog.localhost");
    }),
  );
});

test("parseRedirects never throws, and tells no line twice nor one that is not there, whatever the text", () => {
  const word = fc.constantFrom("/", "/a", ":b", "*", "https://", "200", "301!", "x=y", "x=:z", "%", "#", " ", "\n", "\t", "?");
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.array(word).map((each) => each.join(""))), (text) => {
      const lines = parseRedirects(text).faults.map(({ line }) => line);
      assert.equal(new Set(lines).size, lines.length);
      assert.ok(lines.every((line) => line >= 1 && line <= text.split("\n").length));
    }),
  );
});
