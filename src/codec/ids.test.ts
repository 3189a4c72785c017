import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { base32upper } from "multiformats/bases/base32";
import { base36 } from "multiformats/bases/base36";
import { base58btc } from "multiformats/bases/base58";
import { CID } from "multiformats/cid";
import { create } from "multiformats/hashes/digest";
import type { HostId } from "./index.ts";
import { CodecError, DAG_PB, RAW, base32, blobIdFromBytes, blobIdOf, bytesOfBlobId, bytesOfId, codecOfBlobId, fromBase32, idFromBytes, idFromText } from "./index.ts";

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
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom(RAW, DAG_PB), (digest, codec) => {
      const id = blobIdOf(codec, digest);
      assert.equal(id, CID.createV1(codec, create(0x12, digest)).toString());
      assert.deepEqual(CID.parse(id).bytes, bytesOfBlobId(id));
      assert.equal(codecOfBlobId(id), codec);
      assert.deepEqual(bytesOfBlobId(id).subarray(4), digest);
      assert.equal(blobIdFromBytes(bytesOfBlobId(id)), id);
    }),
  );
});

test("text that is no blob id, or one in another base, version, codec or hash, is refused", () => {
  const cid = CID.createV1(RAW, create(0x12, new Uint8Array(32).fill(9)));
  const id = cid.toString();
  const others = [CID.createV1(0x71, cid.multihash), CID.createV1(RAW, create(0x1e, new Uint8Array(32)))].map(String);
  const bases = [cid.toString(base58btc), cid.toString(base32upper), cid.toString(base36), "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"];
  for (const text of ["", "hello", ...others, ...bases, id.slice(1), id.slice(0, -1), `${id}a`, `B${id.slice(1)}`, id.replace(id[9]!, "1"), `${id.slice(0, -1)}b`]) {
    assert.throws(() => bytesOfBlobId(text), CodecError, text);
  }
  assert.throws(() => blobIdOf(RAW, new Uint8Array(31)), CodecError);
});
