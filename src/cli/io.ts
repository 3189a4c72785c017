import { once } from "node:events";
import { createInterface } from "node:readline";
import { raceAbort } from "../platform/index.ts";
import { CliError } from "./errors.ts";

/** Where words go: answers on standard output; progress, warnings and questions on standard error. */
export interface Io {
  /** Only JSON may be on standard output. */
  readonly json: boolean;
  /** Standard error is a terminal, so that a line may be redrawn. */
  readonly isTerminal: boolean;
  readonly columns: number;
  /** The answer of a command: `value` as one line of JSON, or the words. */
  answer(value: unknown, words: () => string): void;
  /** One of many answers, a line of JSON; resolves when it may be followed by the next. */
  row(value: unknown): Promise<void>;
  /** Bytes as they are, on standard output; resolves when more may follow. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** For people, on standard error. */
  note(words: string): void;
  /** Redraws the last line of the terminal; an empty one clears it. */
  redraw(line: string): void;
}

export function standardIo(json: boolean): Io {
  let isListing = false;
  // What a command does goes on when nobody reads its words: its exit code still says how it went.
  ignoringLostReader(process.stderr, () => {});
  ignoringLostReader(process.stdout, () => {
    // A reader of a list that went away ("holdfast files | head") has had what it wanted.
    if (isListing) process.exit(0);
  });
  return {
    json,
    isTerminal: process.stderr.isTTY,
    columns: process.stderr.columns ?? 80,
    answer(value, words) {
      isListing = false;
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : ended(words()));
    },
    async row(value) {
      isListing = true;
      if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, "drain");
    },
    async bytes(chunk) {
      isListing = true;
      if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
    },
    note(words) {
      process.stderr.write(ended(words));
    },
    redraw(line) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
    },
  };
}

function ignoringLostReader(stream: NodeJS.WriteStream, lost: () => void): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    lost();
  });
}

function ended(words: string): string {
  return words === "" || words.endsWith("\n") ? words : `${words}\n`;
}

let lines: AsyncIterator<string> | undefined;

/** The next line of standard input that is not empty. @throws CliError USAGE when there is none */
export async function nextLine(what: string, signal: AbortSignal): Promise<string> {
  // One reader for all calls: a second one would miss what the first has already taken in.
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  for (;;) {
    const line = await raceAbort(lines.next(), signal);
    if (line.done === true) throw new CliError("USAGE", `Standard input holds no ${what}. Pipe it in, or type it and press Enter.`);
    if (line.value.trim() !== "") return line.value.trim();
  }
}

/** All of standard input. @throws CliError USAGE when there is more than `maxBytes` */
export async function readInput(maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  const bytes = process.stdin as AsyncIterable<Buffer>;
  const iterator = bytes[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await raceAbort(iterator.next(), signal);
    if (done === true) return Buffer.concat(chunks);
    chunks.push(value);
    length += value.length;
    if (length > maxBytes) throw new CliError("USAGE", `Standard input holds more than ${maxBytes} bytes, which is more than a value can have.`);
  }
}

/** Lets the process end although standard input is still open. */
export function releaseInput(): void {
  process.stdin.unref?.();
}

/** Whether there is a terminal at which somebody may be asked. */
export function isAttended(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on the terminal. @throws CliError NEEDS_ANSWER when there is nobody to ask */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  if (!process.stdin.isTTY) throw new CliError("NEEDS_ANSWER", `"${question.trim()}" needs an answer, and standard input is no terminal. Add --yes to go ahead without being asked.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      lines.on("SIGINT", () => reject(new CliError("CANCELLED", "Stopped. Nothing was changed.")));
      lines.question(question, resolve);
    });
  } finally {
    lines.close();
  }
}

/** Asks on the terminal without showing what is typed; from a pipe, takes the first line. */
export async function askSecret(question: string, what: string, signal: AbortSignal): Promise<string> {
  if (!process.stdin.isTTY) return nextLine(what, signal);
  process.stderr.write(question);
  process.stdin.setRawMode(true);
  try {
    return await typedLine(signal);
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stderr.write("\n");
  }
}

function typedLine(signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = "";
  const listen = (chunk: Buffer): void => {
    for (const key of chunk.toString("utf8")) {
      if (key === "\r" || key === "\n") return resolve(typed);
      if (key === "\x03" || key === "\x04") return reject(new CliError("CANCELLED", "Stopped. Nothing was changed."));
      typed = key === "\x7f" || key === "\b" ? typed.slice(0, -1) : typed + key;
    }
  };
  const abort = (): void => reject(signal.reason as Error);
  process.stdin.on("data", listen);
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    process.stdin.off("data", listen);
    signal.removeEventListener("abort", abort);
  });
}
