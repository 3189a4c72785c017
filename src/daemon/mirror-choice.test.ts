import assert from "node:assert/strict";
import test from "node:test";
import type { NamespaceId } from "../codec/index.ts";
import { MirrorChoice } from "./mirror-choice.ts";

const [blog, wiki] = ["blog", "wiki"] as [NamespaceId, NamespaceId];

function choice(): MirrorChoice & { readonly kept: { mirrors: readonly string[]; releasing: readonly string[] } } {
  const kept = {
    mirrors: [] as readonly string[],
    releasing: [] as readonly string[],
    change: async (settings: object): Promise<void> => void Object.assign(kept, settings),
  };
  return Object.assign(new MirrorChoice(kept), { kept });
}

test("a mirror that is ended is to be released until that is done, and not when it is chosen again", async () => {
  const mirrors = choice();
  await mirrors.add(blog);
  assert.deepEqual([mirrors.isMirrored(blog), mirrors.isMirrored(wiki), mirrors.releasing()], [true, false, []]);
  await mirrors.end(blog, [blog, wiki]);
  assert.deepEqual([mirrors.isMirrored(blog), mirrors.releasing()], [false, [blog]]);
  await mirrors.add(blog);
  assert.deepEqual(mirrors.releasing(), []);
  await mirrors.end(blog, [blog, wiki]);
  await mirrors.released(blog);
  assert.deepEqual(mirrors.kept.releasing, []);
});

test("who mirrors all sites mirrors those to come, and ends it for all of them", async () => {
  const mirrors = choice();
  await mirrors.add("all");
  assert.deepEqual([mirrors.isMirrored(blog), mirrors.isMirrored("to come" as NamespaceId)], [true, true]);
  await assert.rejects(mirrors.end(blog, [blog, wiki]), { code: "ALL_MIRRORED" });
  await mirrors.end("all", [blog, wiki]);
  assert.deepEqual([mirrors.isMirrored(blog), mirrors.releasing()], [false, [blog, wiki]]);
});
