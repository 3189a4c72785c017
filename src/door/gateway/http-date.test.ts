import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { httpDate, isoDay, parseHttpDate } from "./http-date.ts";

const seconds = fc.integer({ min: 0, max: 253_402_300_799 });

test("httpDate writes every second up to the year 9999 as the platform's own calendar does", () => {
  fc.assert(fc.property(seconds, (at) => assert.equal(httpDate(at), new Date(at * 1000).toUTCString())), { numRuns: 2000 });
});

test("parseHttpDate reads back what httpDate writes", () => {
  fc.assert(fc.property(seconds, (at) => assert.equal(parseHttpDate(httpDate(at)), at)), { numRuns: 2000 });
});

for (const text of ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]) {
  test(`parseHttpDate reads the form of RFC 9110's example ${text}`, () => {
    assert.equal(parseHttpDate(text), 784_111_777);
  });
}

for (const text of ["", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "784111777"]) {
  test(`parseHttpDate refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseHttpDate(text), undefined);
  });
}

test("a day since 1970 has the date that the calendar gives it", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 100_000 }), (day) => assert.equal(isoDay(day), new Date(day * 86_400_000).toISOString().slice(0, 10))));
});
