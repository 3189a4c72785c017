import assert from "node:assert/strict";
import test from "node:test";
import { addressSet } from "./address-set.ts";

test("addresses and networks are found in a set, in either clothes, and others are not", () => {
  const has = addressSet(["192.0.2.7", "10.0.0.0/8", "fd00::/8", "::1"]);
  for (const address of ["192.0.2.7", "10.1.2.3", "fd12::7", "::1", "::ffff:10.1.2.3"]) assert.ok(has(address), address);
  for (const address of ["192.0.2.8", "11.0.0.1", "fe80::1", "::2", "::ffff:11.0.0.1", "", "x", "10.0.0.0/8"]) assert.ok(!has(address), address);
  assert.ok(!addressSet([])("127.0.0.1"));
});

test("what is no address is refused with what to type", () => {
  for (const typed of ["", "localhost", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/8/8", "fd00::/129", "10.0.0"]) assert.throws(() => addressSet([typed]), { code: "BAD_ADDRESS" }, typed);
});
