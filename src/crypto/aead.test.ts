import assert from "node:assert/strict";
import test from "node:test";
import { fromHex, hex, utf8 } from "../codec/index.ts";
import { CryptoError } from "./errors.ts";
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, hmac, seal, unseal } from "./aead.ts";

const key = new Uint8Array(KEY_BYTES).fill(3);
const nonce = new Uint8Array(NONCE_BYTES).fill(4);
const about = utf8("whose and what");

function isTampered(error: unknown): boolean {
  return error instanceof CryptoError && error.code === "TAMPERED";
}

test("sealed text has the bytes of AES-256-GCM as published", () => {
  // Test case 16 of "The Galois/Counter Mode of Operation" by McGrew and Viega, as NIST validates implementations.
  const sealed = seal(
    fromHex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
    fromHex("cafebabefacedbaddecaf888"),
    fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    fromHex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
  );
  assert.equal(hex(sealed), "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
});

test("HMAC has the bytes of RFC 4231", () => {
  assert.equal(hex(hmac(utf8("Jefe"), utf8("what do ya want for nothing?"))), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
});

test("what was sealed comes back, of any length", () => {
  for (const length of [0, 1, 15, 16, 17, 100_000]) {
    const text = new Uint8Array(length).fill(length);
    const sealed = seal(key, nonce, about, text);
    assert.equal(sealed.length, length + TAG_BYTES);
    assert.deepEqual(unseal(key, nonce, about, sealed), text);
  }
});

test("any bit that is another, in text, tag, key, nonce or what it is about, is noticed, and so is any other length", () => {
  const sealed = seal(key, nonce, about, utf8("some text"));
  const flips = (bytes: Uint8Array): Uint8Array[] => Array.from({ length: bytes.length * 8 }, (_, bit) => bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7))));
  for (const wrong of flips(sealed)) assert.throws(() => unseal(key, nonce, about, wrong), isTampered);
  for (const wrong of flips(key)) assert.throws(() => unseal(wrong, nonce, about, sealed), isTampered);
  for (const wrong of flips(nonce)) assert.throws(() => unseal(key, wrong, about, sealed), isTampered);
  for (const wrong of flips(about)) assert.throws(() => unseal(key, nonce, wrong, sealed), isTampered);
  for (let length = 0; length < sealed.length; length += 1) assert.throws(() => unseal(key, nonce, about, sealed.subarray(0, length)), isTampered);
  assert.throws(() => unseal(key, nonce, about, Uint8Array.of(...sealed, 0)), isTampered);
});
