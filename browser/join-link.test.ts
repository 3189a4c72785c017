import assert from "node:assert/strict";
import test from "node:test";
import { codeIn, joinLink, linkedCode } from "./join-link.ts";
import { inviteMessage } from "./sentences.ts";

const CODE = `hf1${"abc234".repeat(60)}`;

test("an invite's link brings its code, and nothing else does", () => {
  assert.equal(linkedCode(new URL(joinLink(CODE)).hash), CODE);
  for (const hash of ["", "#/sites", "#join=", "#join=hf2abc", `#join=${CODE}&more`, `#open=${CODE}`, "#join=hf1<b>"]) assert.equal(linkedCode(hash), undefined, hash);
});

test("the code is found alone, in its link, and in the whole message", () => {
  for (const typed of [CODE, `  ${CODE}\n`, joinLink(CODE), inviteMessage("kin", CODE, ["one", "two", "three"], 60_000)]) assert.equal(codeIn(typed), CODE, typed);
});
