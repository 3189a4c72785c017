import { useEffect, useState } from "preact/hooks";
import { wordsOf } from "./api.ts";
import type { PickedFile } from "./picked.ts";
import { sizeOf } from "./picked.ts";

// Files on their way to the host: they go on while one looks at other pages, can be stopped and gone on with, and nothing of them is
// there before the end. The host forgets what lies for ten minutes; going on then begins anew.

/** How one kind of content is sent. */
export interface Way<Result> {
  begin(signal: AbortSignal): Promise<string>;
  /** Has the host take in what it has already; gives those files, which need not be sent. */
  spare?(id: string, files: readonly PickedFile[], signal: AbortSignal): Promise<ReadonlySet<PickedFile>>;
  send(id: string, file: PickedFile, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void>;
  commit(id: string, signal: AbortSignal): Promise<Result>;
  abort(id: string): Promise<void>;
}

/** "waiting": its turn has not come yet. "unsure": cancelled when the host may have done it already. */
export type Phase = "waiting" | "comparing" | "sending" | "committing" | "paused" | "failed" | "done" | "cancelled" | "unsure";

/** Nothing more can be done about it. */
export function hasEnded(phase: Phase): boolean {
  return phase === "done" || phase === "cancelled" || phase === "unsure";
}

export interface Progress<Result> {
  readonly phase: Phase;
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
  /** Of the last seconds; undefined until something can be said. */
  readonly bytesPerSecond: number | undefined;
  /** The file that was begun last. */
  readonly path: string;
  readonly error: string | undefined;
  readonly result: Result | undefined;
}

const AT_ONCE = 4;
const SHOW_MS = 100;
/** The rate is that of so much time. */
const WINDOW_MS = 4_000;
/** The host has forgotten it: what was sent has to be sent again. */
const FORGOTTEN = ["NO_PUBLICATION", "NO_UPLOAD"];
/** Codes that the Browser itself gives where no answer of the host's came through. */
const NO_ANSWER = new Set(["SILENT", "UNEXPECTED"]);

function isCalled(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function isAnswer(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && !NO_ANSWER.has(error.code);
}

export class Transfer<Result> {
  readonly #files: readonly PickedFile[];
  /** Those that the host has not got; undefined until that is known. */
  #unspared: readonly PickedFile[] | undefined;
  readonly #way: Way<Result>;
  readonly #listeners = new Set<(progress: Progress<Result>) => void>();
  readonly #done = new Set<PickedFile>();
  /** Files that the host may have, whether or not its answer came. */
  readonly #tried = new Set<PickedFile>();
  #marks: { readonly atMs: number; readonly bytes: number }[] = [];
  #id: string | undefined;
  /** Those ids that the host was to commit and may have committed. */
  readonly #doubtful = new Set<string>();
  #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  progress: Progress<Result>;

  constructor(files: readonly PickedFile[], way: Way<Result>) {
    this.#files = files;
    this.#way = way;
    this.progress = { phase: "waiting", files: 0, bytes: 0, totalFiles: files.length, totalBytes: sizeOf(files), bytesPerSecond: undefined, path: "", error: undefined, result: undefined };
  }

  watch(listener: (progress: Progress<Result>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begins, or goes on after a pause or a failure. Resolves when it has come to rest, however. */
  async run(): Promise<void> {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#show({ phase: "sending", error: undefined });
    try {
      this.#id ??= await this.#way.begin(signal);
      this.#unspared ??= await this.#compare(this.#id, signal);
      await this.#sendAll(this.#id, this.#unspared, signal);
      this.#show({ phase: "committing", bytesPerSecond: undefined });
      const result = await this.#commit(this.#id, signal);
      this.#show({ phase: "done", result });
    } catch (error) {
      if (signal.aborted) return;
      this.#stop.abort(error);
      if (isCalled(error, ...FORGOTTEN)) this.#forget();
      // One that was taken for there did not come in whole. Which one, the host knows: going on offers it all of them.
      if (isCalled(error, "INCOMPLETE")) this.#forgetDone();
      this.#show({ phase: "failed", error: wordsOf(error), bytesPerSecond: undefined });
    }
  }

  pause(): void {
    this.#stop.abort(new Error("paused"));
    this.#show({ phase: "paused", bytesPerSecond: undefined });
  }

  /** Nothing of it remains, unless the host may have committed it and does not say that it has not. */
  async cancel(): Promise<void> {
    this.#stop.abort(new Error("cancelled"));
    this.#show({ phase: this.#doubtful.size > 0 ? "unsure" : "cancelled" });
    const id = this.#id;
    if (id === undefined) return;
    try {
      await this.#way.abort(id);
      this.#doubtful.delete(id);
      if (this.#doubtful.size === 0) this.#show({ phase: "cancelled" });
    } catch {
      // What is not committed the host forgets by itself when it does not hear this.
    }
  }

  /** Until the host answers, it may have done it. That it does not know it any more says nothing of what was asked before. */
  async #commit(id: string, signal: AbortSignal): Promise<Result> {
    const wasDoubtful = this.#doubtful.has(id);
    this.#doubtful.add(id);
    try {
      return await this.#way.commit(id, signal);
    } catch (error) {
      if (isAnswer(error) && !(wasDoubtful && isCalled(error, ...FORGOTTEN))) this.#doubtful.delete(id);
      throw error;
    }
  }

  async #compare(id: string, signal: AbortSignal): Promise<readonly PickedFile[]> {
    if (this.#way.spare === undefined) return this.#files;
    this.#show({ phase: "comparing" });
    const spared = await this.#way.spare(id, this.#files, signal);
    signal.throwIfAborted();
    const left = this.#files.filter((file) => !spared.has(file));
    this.#show({ phase: "sending", totalFiles: left.length, totalBytes: sizeOf(left) });
    return left;
  }

  async #sendAll(id: string, files: readonly PickedFile[], signal: AbortSignal): Promise<void> {
    const left = files.filter((file) => !this.#done.has(file)).values();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const file of left) {
        signal.throwIfAborted();
        this.progress = { ...this.progress, path: file.path };
        await this.#send(id, file, signal);
        this.#done.add(file);
        this.#count(0);
      }
    }));
  }

  /** A stop can come between a file's last byte and the host's answer. Such a file is there, and the host refuses it when it comes again. */
  async #send(id: string, file: PickedFile, signal: AbortSignal): Promise<void> {
    const wasTried = this.#tried.has(file);
    this.#tried.add(file);
    try {
      await this.#way.send(id, file, (bytes) => this.#count(bytes), signal);
    } catch (error) {
      if (!isCalled(error, "DUPLICATE_PATH")) throw error;
      if (!wasTried) {
        // Refused at its first try, it is another file under the same path.
        this.#tried.delete(file);
        throw error;
      }
      this.#count(file.file.size);
    }
  }

  #forget(): void {
    this.#id = undefined;
    this.#unspared = undefined;
    this.#tried.clear();
    this.#forgetDone();
  }

  #forgetDone(): void {
    this.#done.clear();
    this.progress = { ...this.progress, files: 0, bytes: 0 };
  }

  #count(bytes: number): void {
    this.progress = { ...this.progress, files: this.#done.size, bytes: this.progress.bytes + bytes };
    this.#timer ??= setTimeout(() => this.#show({ bytesPerSecond: this.#rate() }), SHOW_MS);
  }

  #rate(): number | undefined {
    const atMs = performance.now();
    this.#marks = [...this.#marks.filter((mark) => atMs - mark.atMs < WINDOW_MS), { atMs, bytes: this.progress.bytes }];
    const [first] = this.#marks;
    return first === undefined || atMs - first.atMs < SHOW_MS ? undefined : Math.max(0, ((this.progress.bytes - first.bytes) / (atMs - first.atMs)) * 1000);
  }

  #show(changes: Partial<Progress<Result>>): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.progress = { ...this.progress, ...changes };
    for (const listener of this.#listeners) listener(this.progress);
  }
}

/** The newest progress, and a new drawing of the component with each. */
export function useProgress<Result>(transfer: Transfer<Result> | undefined): Progress<Result> | undefined {
  const [progress, setProgress] = useState(transfer?.progress);
  useEffect(() => {
    setProgress(transfer?.progress);
    return transfer?.watch(setProgress);
  }, [transfer]);
  return progress;
}
