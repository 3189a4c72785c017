import { createCipheriv, randomFillSync } from "node:crypto";
import { hasher, sha256 } from "../src/crypto/index.ts";
import { Chunker } from "../src/drive/chunker.ts";
import { sealText } from "../src/drive/seal-text.ts";
import { MIB, median } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { rates } from "./processor-rate.ts";

const CONTENT_BYTES = 16 * MIB;

/** What a thread does with private content, in memory: cut, hash the file, hash each chunk, encrypt, hash what comes out; and each stage alone. */
export const sealing: Benchmark = {
  name: "sealing",
  async run({ size, say }) {
    const content = randomFillSync(new Uint8Array(CONTENT_BYTES));
    const blocks = Array.from({ length: CONTENT_BYTES / MIB }, (_, at) => content.subarray(at * MIB, (at + 1) * MIB));
    const key = { key: randomFillSync(new Uint8Array(32)), about: new Uint8Array(32) };
    const chunker = new Chunker(randomFillSync(new Uint8Array(1024)));
    const cut = (take: (chunk: Uint8Array) => void): void => {
      for (const block of blocks) for (const chunk of chunker.push(block)) take(chunk);
      for (const chunk of chunker.finish()) take(chunk);
    };
    const all = (): void => {
      const whole = hasher();
      for (const block of blocks) whole.update(block);
      cut((chunk) => void sealText(key, chunk));
      whole.digest();
    };
    const encrypt = (): void => {
      for (const block of blocks) {
        const cipher = createCipheriv("aes-256-gcm", key.key, key.about.subarray(0, 12));
        cipher.update(block);
        cipher.final();
      }
    };
    const [runs, runMs] = [sized(size, 3, 9), sized(size, 200, 1000)];
    const rate = (what: string, work: () => void): number => {
      work();
      const each = median(rates(work, CONTENT_BYTES, runs, runMs));
      say(`${what}: ${each.toFixed(2)} GB/s`);
      return each;
    };
    const [cutting, hashing, encrypting] = [rate("cut", () => cut(() => {})), rate("hash", () => blocks.forEach((block) => void sha256(block))), rate("encrypt", encrypt)];
    // Every byte is hashed three times: as a part of the file, of the chunk, and of the sealed blob.
    const together = 1 / (1 / cutting + 3 / hashing + 1 / encrypting);
    const rows: Row[] = [
      {
        what: "sealing private content, one thread",
        value: rate("all stages", all),
        unit: "GB/s",
        beside: { what: "its stages alone, one after the other", value: together, unit: "GB/s" },
        limit: `three times SHA-256 at ${hashing.toFixed(2)} GB/s, cutting at ${cutting.toFixed(2)}, AES-GCM at ${encrypting.toFixed(2)}`,
      },
    ];
    return rows;
  },
};
