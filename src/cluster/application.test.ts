import assert from "node:assert/strict";
import test from "node:test";
import type { HostId } from "../codec/index.ts";
import { hex, idFromBytes } from "../codec/index.ts";
import { applicationCodec, checkDigits, commitmentTo, introductionCodec } from "./application.ts";

const key = (value: number): HostId => idFromBytes<HostId>(new Uint8Array(32).fill(value));
const nonce = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const ends = { applicant: key(1), sponsor: key(2) };

test("check digits are six, the same for the same connection and numbers, and as docs/formats/network.md says", () => {
  const digits = checkDigits(ends, { applicant: nonce(3), sponsor: nonce(4) });
  assert.equal(digits, "579950");
  assert.equal(checkDigits({ ...ends }, { applicant: nonce(3), sponsor: nonce(4) }), digits);
  assert.equal(hex(commitmentTo(nonce(3), ends)), "6fb07d85307278eb62cdd02f2b0b012f21040879c8e9a172e58827596083c81a");
});

test("check digits differ when anything differs at one end: a key, a number, or which of them is whose", () => {
  const nonces = { applicant: nonce(3), sponsor: nonce(4) };
  const all = [
    checkDigits(ends, nonces),
    checkDigits({ ...ends, applicant: key(9) }, nonces),
    checkDigits({ ...ends, sponsor: key(9) }, nonces),
    checkDigits({ applicant: ends.sponsor, sponsor: ends.applicant }, nonces),
    checkDigits(ends, { ...nonces, applicant: nonce(9) }),
    checkDigits(ends, { ...nonces, sponsor: nonce(9) }),
    checkDigits(ends, { applicant: nonces.sponsor, sponsor: nonces.applicant }),
  ];
  assert.equal(new Set(all).size, all.length);
});

test("check digits are spread over all of the million, so that chance has no favourites", () => {
  const seen = new Set<string>();
  const tens = Array.from({ length: 10 }, () => 0);
  for (let at = 0; at < 2_000; at += 1) {
    const digits = checkDigits(ends, { applicant: nonce(at % 256), sponsor: nonce(at >> 8) });
    assert.match(digits, /^\d{6}$/);
    seen.add(digits);
    tens[Number(digits[0])]! += 1;
  }
  // Of 2,000 out of a million two are the same; each first digit begins 200 of them, give or take 60 at more than four deviations.
  assert.ok(seen.size >= 1_990, `${seen.size} different`);
  assert.ok(tens.every((count) => Math.abs(count - 200) < 60), tens.join());
});

test("names that are too long, and commitments of another length, are not read", () => {
  assert.throws(() => introductionCodec.decode(introductionCodec.encode({ network: "n".repeat(129), host: "den" })), { code: "MALFORMED" });
  assert.throws(() => applicationCodec.decode(applicationCodec.encode({ host: "den", commitment: new Uint8Array(31) })), { code: "MALFORMED" });
});
