export interface Repetition<T> {
  readonly question: (signal: AbortSignal) => Promise<T>;
  /** From an answer to the next question; undefined asks once. */
  readonly everyMs: number | undefined;
  readonly onAnswer: (value: T) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Asks until the signal is aborted, never while an answer is still awaited: one that takes long would otherwise never arrive. */
export async function askRepeatedly<T>({ question, everyMs, onAnswer, onFailure }: Repetition<T>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      const value = await question(signal);
      if (!signal.aborted) onAnswer(value);
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    if (everyMs === undefined || signal.aborted) return;
    await pause(everyMs, signal);
    if (signal.aborted) return;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
