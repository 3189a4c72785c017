import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { CID } from "multiformats/cid";
import type { HostId } from "./index.ts";
import { CodecError, DAG_PB, RAW, base32, blobIdFromBytes, blobIdOf, bytesOfBlobId, bytesOfId, codecOfBlobId, digestOfBlobId, fromBase32, idFromBytes, idFromText } from "./index.ts";

test("base32 gives back the bytes it was given", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromBase32(base32(bytes)), bytes)));
  // RFC 4648, section 10, in lower case and without padding.
  assert.equal(base32(Buffer.from("foobar")), "mzxw6ytboi");
});

test("base32 refuses foreign letters and left-over bits", () => {
  for (const text of ["1", "A", "mz=", "a", "mzxw6ytbob"]) assert.throws(() => fromBase32(text), CodecError, text);
});

test("an id is the same in text and bytes, and nothing else is an id", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
  const id = idFromBytes<HostId>(bytes);
  assert.equal(idFromText<HostId>(id), id);
  assert.deepEqual(bytesOfId(id), bytes);
  for (const text of ["", id.slice(1), `${id}a`, id.toUpperCase(), id.replace(id[5]!, "1")]) assert.throws(() => idFromText(text), CodecError);
});

test("a blob id is the CID that IPFS writes", () => {
  const digest = new Uint8Array(32).fill(9);
  for (const codec of [RAW, DAG_PB] as const) {
    const id = blobIdOf(codec, digest);
    assert.deepEqual(CID.parse(id).bytes, bytesOfBlobId(id));
    assert.equal(codecOfBlobId(id), codec);
    assert.deepEqual(digestOfBlobId(id), digest);
    assert.equal(blobIdFromBytes(bytesOfBlobId(id)), id);
  }
  assert.throws(() => bytesOfBlobId("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"), CodecError);
  assert.throws(() => bytesOfBlobId("hello"), CodecError);
});
