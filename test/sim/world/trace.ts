import { createHash } from "node:crypto";

const PART = 16_384;

/** Everything that happened in a run, line by line; only its hash is kept, unless somebody wants to read along. */
export class Trace {
  readonly #hash = createHash("sha256");
  readonly #nowMs: () => number;
  readonly #readAlong: ((line: string) => void) | undefined;
  #part = "";

  constructor(nowMs: () => number, readAlong: ((line: string) => void) | undefined) {
    this.#nowMs = nowMs;
    this.#readAlong = readAlong;
  }

  add(line: string): void {
    const whole = `${this.#nowMs().toFixed(3)} ${line}`;
    this.#readAlong?.(whole);
    this.#part += `${whole}\n`;
    if (this.#part.length > PART) this.#flush();
  }

  /** SHA-256 in hex. May be asked once. */
  digest(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#part, "latin1");
    this.#part = "";
  }
}
