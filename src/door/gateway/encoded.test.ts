import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../codec/index.ts";
import { env } from "../fakes/harness.ts";
import type { Content } from "./content.ts";
import type { Encoded } from "./encoded.ts";
import { Compressor } from "./encoded.ts";
import { MemoryCache } from "./memory-cache.ts";
import { prepareContent } from "./prepared.ts";

const TEXT = utf8("the same words at two addresses ".repeat(100));
const VALIDATORS = { etag: '"e"', modifiedSeconds: 0 };

/** One address of a content, with a header of its own. */
function addressOf(name: string, read: () => AsyncIterable<Uint8Array>): Encoded {
  const plain: Content = { key: "one content", sizeBytes: TEXT.length, what: name, encoding: undefined, read };
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
