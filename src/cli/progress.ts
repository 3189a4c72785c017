import type { Env } from "../platform/index.ts";
import type { Io } from "./io.ts";
import { formatBytes, formatDuration } from "./sizes.ts";

const TERMINAL_EVERY_MS = 100;
const PLAIN_EVERY_MS = 2000;
/** The rate is that of the last five seconds, so that it follows what happens and does not jump about. */
const WINDOW_MS = 5000;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** How far a transfer of files is: files, bytes, rate and time left, redrawn on a terminal, else as a line now and then. */
export class Progress {
  readonly #env: Env;
  readonly #io: Io;
  readonly #verb: string;
  readonly #filesTotal: number;
  readonly #bytesTotal: number;
  readonly #samples: Sample[] = [];
  #files = 0;
  #bytes = 0;
  #hadBytes = 0;
  #shownMs: number;
  #isDrawn = false;

  /** @param verb what is being done, as the line begins: "Publishing" */
  constructor(env: Env, io: Io, verb: string, filesTotal: number, bytesTotal: number) {
    this.#env = env;
    this.#io = io;
    this.#verb = verb;
    this.#filesTotal = filesTotal;
    this.#bytesTotal = bytesTotal;
    this.#shownMs = env.clock.monotonicMs();
    this.#samples.push({ atMs: this.#shownMs, bytes: 0 });
  }

  addBytes(bytes: number): void {
    this.#bytes += bytes;
    this.#show();
  }

  /** Bytes that were there already, which say nothing about the rate. */
  had(bytes: number): void {
    this.#hadBytes += bytes;
    this.#show();
  }

  addFile(): void {
    this.#files += 1;
    this.#show();
  }

  /** Says something in between, in a line of its own. */
  say(words: string): void {
    this.end();
    this.#io.note(words);
  }

  /** Clears the line, so that other words can follow. */
  end(): void {
    if (this.#isDrawn) this.#io.redraw("");
    this.#isDrawn = false;
  }

  line(): string {
    const now = this.#env.clock.monotonicMs();
    const first = this.#samples[0]!;
    const rate = ((this.#bytes - first.bytes) * 1000) / Math.max(1, now - first.atMs);
    const there = this.#hadBytes + this.#bytes;
    const left = this.#bytesTotal - there;
    const time = rate > 0 && left > 0 ? `, ${formatDuration((left / rate) * 1000)} left` : "";
    return `${this.#verb}: ${this.#files} of ${this.#filesTotal} files, ${formatBytes(there)} of ${formatBytes(this.#bytesTotal)}, ${formatBytes(rate)}/s${time}`;
  }

  #show(): void {
    const now = this.#env.clock.monotonicMs();
    if (now - this.#shownMs < (this.#io.isTerminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.#shownMs = now;
    const line = this.line();
    if (this.#io.isTerminal) this.#io.redraw(line.slice(0, this.#io.columns - 1));
    else this.#io.note(line);
    this.#isDrawn = this.#io.isTerminal;
    this.#samples.push({ atMs: now, bytes: this.#bytes });
    while (this.#samples.length > 2 && now - this.#samples[0]!.atMs > WINDOW_MS) this.#samples.shift();
  }
}
