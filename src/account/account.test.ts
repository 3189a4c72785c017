import assert from "node:assert/strict";
import test from "node:test";
import { isGenuine } from "../cluster/index.ts";
import type { HostId, NetworkId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { CryptoError } from "../crypto/index.ts";
import { accountFromPhrase, accountFromSeed, delegateToHost, newAccount } from "./index.ts";

const network = idFromBytes<NetworkId>(new Uint8Array(32).fill(1));
const host = idFromBytes<HostId>(new Uint8Array(32).fill(2));

test("an account comes back from its phrase, also as people type it", () => {
  const account = newAccount();
  const typed = account.phrase.split(" ").map((word, at) => `${at + 1}. ${word.toUpperCase()}`).join("\n");
  assert.equal(accountFromPhrase(typed).id, account.id);
});

test("a phrase with a wrong, swapped or missing word is refused with the place of the mistake", () => {
  const words = accountFromSeed(new Uint8Array(32).fill(7)).phrase.split(" ");
  const refused = (typed: readonly string[], message: RegExp): void => {
    assert.throws(() => accountFromPhrase(typed.join(" ")), (error) => error instanceof CryptoError && error.code === "BAD_PHRASE" && message.test(error.message));
  };
  refused(words.with(4, "holdfasts"), /Word 5/);
  refused(words.slice(1), /are 23/);
  refused(words.toReversed(), /do not fit/);
});

test("a delegation is genuine, and not after any of its fields was changed", () => {
  const delegation = delegateToHost(newAccount(), network, host, 7);
  assert.ok(isGenuine(delegation));
  assert.ok(!isGenuine({ ...delegation, issuedMs: 8 }));
  assert.ok(!isGenuine({ ...delegation, account: newAccount().id }));
  assert.ok(!isGenuine({ ...delegation, host: idFromBytes<HostId>(new Uint8Array(32)) }));
});
