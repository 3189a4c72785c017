import assert from "node:assert/strict";
import test from "node:test";
import { acceptedEncodings } from "./accept-encoding.ts";

for (const [header, wanted] of [
  ["gzip, deflate, br, zstd", "br zstd gzip"],
  ["gzip", "gzip"],
  ["GZIP;Q=1.0", "gzip"],
  ["x-gzip", "gzip"],
  ["", ""],
  ["identity", ""],
  ["*", "br zstd gzip"],
  ["*;q=0", ""],
  ["gzip;q=0.5, br;q=0.2, zstd", "zstd gzip br"],
  ["br;q=0, *", "zstd gzip"],
  ["br;q=0, gzip;q=0.0", ""],
  ["identity;q=0, gzip", "gzip"],
  ["identity, gzip;q=0.5", ""],
  ["identity;q=0.5, gzip;q=0.5", "gzip"],
  ["gzip;q=2", ""],
  ["gzip;;", ""],
  [",, gzip ,", "gzip"],
  ["deflate, compress", ""],
] as const) {
  test(`Accept-Encoding ${JSON.stringify(header)} gives ${wanted === "" ? "the plain form" : wanted}`, () => {
    assert.equal(acceptedEncodings(header).join(" "), wanted);
  });
}
