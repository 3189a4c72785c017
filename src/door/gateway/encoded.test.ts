import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { utf8 } from "../../codec/index.ts";
import { TestDoor, env } from "../fakes/harness.ts";
import type { Content } from "./content.ts";
import type { Encoded } from "./encoded.ts";
import { Compressor } from "./encoded.ts";
import { MemoryCache } from "./memory-cache.ts";
import { prepareContent } from "./prepared.ts";

const TEXT = utf8("the same words at two addresses ".repeat(100));
const VALIDATORS = { etag: '"e"', modifiedSeconds: 0 };

/** One address of a content, with a header of its own. */
function addressOf(name: string, read: () => AsyncIterable<Uint8Array>, text: Uint8Array = TEXT): Encoded {
  const plain: Content = { key: "one content", sizeBytes: text.length, what: name, encoding: undefined, read };
  const encoded: Encoded = { plain, ready: new Map(), isPrebuilt: false, dress: (form) => prepareContent(form, VALIDATORS, { extra: ["X-Address", name], type: "text/plain", encoded }) };
  return encoded;
}

/** Gives the bytes when `release` is called. */
function held(): { readonly read: () => AsyncGenerator<Uint8Array>; readonly release: () => void; readonly fail: (error: Error) => void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return {
    async *read() {
      await promise;
      yield TEXT;
    },
    release: resolve,
    fail: reject,
  };
}

test("a form that another address of the same content has had made at that moment has the headers of its own address", async () => {
  const compressor = new Compressor(env, new MemoryCache(1024 * 1024));
  const { read, release } = held();
  const [first, second] = ["first", "second"].map((name) => compressor.form(addressOf(name, read), ["br"]));
  release();
  const forms = await Promise.all([first, second]);
  assert.deepEqual(forms.map((form) => form?.whole[form.whole.indexOf("X-Address") + 1]), ["first", "second"]);
});

test("an address whose content another one could not read at that moment is sent plain", async () => {
  const compressor = new Compressor(env, new MemoryCache(1024 * 1024));
  const { read, fail } = held();
  const lost = addressOf("lost", read);
  const [first, again, other] = [lost, lost, addressOf("other", read)].map(async (each) => compressor.form(each, ["br"]));
  fail(new Error("no host has it"));
  await assert.rejects(first!, /no host has it/);
  await assert.rejects(again!, /no host has it/);
  assert.equal(await other, undefined);
});

for (const [what, text, size] of [["made", TEXT, "less"], ["found not worth it", randomBytes(3_000), "none"]] as const) {
  test(`a form that was once ${what} is not made again for another address of the same content`, async () => {
    const compressor = new Compressor(env, new MemoryCache(1024 * 1024));
    let reads = 0;
    async function* read(): AsyncGenerator<Uint8Array> {
      reads += 1;
      yield text;
    }
    const sizes: (number | undefined)[] = [];
    for (const name of ["first", "second"]) sizes.push((await compressor.form(addressOf(name, read, text), ["br"]))?.content.sizeBytes);
    assert.equal(reads, 1);
    assert.equal(sizes[0], sizes[1]);
    assert.equal(sizes[0] === undefined ? "none" : sizes[0] < text.length && "less", size);
  });
}

test("forms that the memory has let go are made again for as many at once as new ones; the others are sent plain", async () => {
  // Room for one form.
  const compressor = new Compressor(env, new MemoryCache(6_000));
  const text = new Uint8Array(4 * 1024 * 1024);
  let gate = Promise.resolve();
  async function* read(): AsyncGenerator<Uint8Array> {
    await gate;
    yield text;
  }
  const addresses = ["a", "b", "c", "d", "e", "f"].map((name) => ({ ...addressOf(name, read, text), plain: { key: name, sizeBytes: text.length, what: name, encoding: undefined, read } }));
  for (const each of addresses) assert.notEqual(await compressor.form(each, ["gzip"]), undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  // The last one is still there.
  const forms = addresses.map((each) => compressor.form(each, ["gzip"]));
  assert.deepEqual(forms.map((form) => (form instanceof Promise ? "made" : form && "kept")), ["made", "made", "made", "made", undefined, "kept"]);
  resolve();
  for (const form of forms.slice(0, 4)) assert.notEqual(await form, undefined);
});

test("an address with a query has the compressed form that the one without has", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "index.html": "the same words ".repeat(100) });
  const headers = { "accept-encoding": "br" };
  const plain = await door.site("blog", "/", { headers });
  for (const path of ["/?a=1", "/?a=2"]) {
    const { body, headers: { etag, "content-encoding": encoding } } = await door.site("blog", path, { headers });
    assert.deepEqual([body, etag, encoding], [plain.body, plain.headers.etag, "br"]);
  }
  assert.equal(door.sites.reads.length, 1);
});
