import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId, NetworkId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { ClusterError, inviteCheckWords, inviteIdOf, readInviteCode, writeInviteCode } from "./index.ts";

const code = {
  network: idFromBytes<NetworkId>(new Uint8Array(32).fill(1)),
  networkName: "Größte Freunde",
  seed: new Uint8Array(32).fill(2),
  expiresMs: 1_800_000_000_000,
  entrances: [{ host: idFromBytes<HostId>(new Uint8Array(32).fill(3)), addresses: ["/ip4/192.168.1.5/tcp/4281", "/ip6/::1/tcp/4281"] }],
};

test("an invite comes back from its code, also broken over lines and in capitals", () => {
  const written = writeInviteCode(code);
  assert.deepEqual(readInviteCode(written), code);
  assert.deepEqual(readInviteCode(`  ${written.toUpperCase().replaceAll(/(.{40})/g, "$1\n  ")}\n`), code);
});

test("a code with any letter changed, lost or added is refused", () => {
  const written = writeInviteCode(code);
  const refused = (typed: string): void => assert.throws(() => readInviteCode(typed), (error) => error instanceof ClusterError && error.code === "BAD_INVITE", typed);
  fc.assert(
    fc.property(fc.nat(written.length - 1), fc.constantFrom(...Array.from("abcdefghijklmnopqrstuvwxyz234567")), (at, letter) => {
      if (written[at] !== letter) refused(written.slice(0, at) + letter + written.slice(at + 1));
      refused(written.slice(0, at) + written.slice(at + 1));
      refused(`${written}${letter}`);
    }),
  );
  for (const typed of ["", "hf1", "hello", written.slice(3)]) refused(typed);
});

test("the check words belong to network and invite", () => {
  const words = inviteCheckWords(code.network, inviteIdOf(code));
  assert.match(words, /^[a-z]+ [a-z]+ [a-z]+$/);
  assert.equal(inviteCheckWords(code.network, inviteIdOf(code)), words);
  assert.notEqual(inviteCheckWords(idFromBytes<NetworkId>(new Uint8Array(32)), inviteIdOf(code)), words);
});
