import { useEffect, useState } from "preact/hooks";
import { wordsOf } from "../api.ts";

export interface Asked<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  /** Asks again; what was answered before stays until then. */
  readonly again: () => void;
}

/**
 * What the host answers to a question of a page.
 * @param when the question is asked again when one of these has changed
 */
export function useAsked<T>(question: (signal: AbortSignal) => Promise<T>, when: readonly unknown[]): Asked<T> {
  const [state, setState] = useState<{ readonly value?: T; readonly error?: string }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    question(stop.signal).then(
      (value) => setState({ value }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState((before) => ({ ...before, error: wordsOf(error) }));
      },
    );
    return () => stop.abort();
  }, [...when, turn]);
  return { value: state.value, error: state.error, again: () => setTurn((before) => before + 1) };
}
