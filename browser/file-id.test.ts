import assert from "node:assert/strict";
import test from "node:test";
import { fileIdOf as idAtTheHost } from "../src/site/index.ts";
import { fileIdOf } from "./file-id.ts";

const MIB = 1024 * 1024;

test("a file has the id in the web browser that it is published under, with one chunk, with none, and with several", async () => {
  for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 5 * MIB + 77]) {
    const bytes = new Uint8Array(size).map((_, at) => (at * 31 + (at >> 20)) % 251);
    async function* source(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    assert.equal(await fileIdOf(new Blob([bytes])), await idAtTheHost(source()), `${size} bytes`);
  }
});
