import { useEffect, useState } from "preact/hooks";
import { wordsOf } from "../api.ts";
import { askRepeatedly } from "./repeated.ts";

export interface Asked<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  /** Asks again; what was answered before stays until then. */
  readonly again: () => void;
}

/**
 * What the host answers to a question of a page.
 * @param when the question is asked anew when one of these has changed, and the one under way is given up
 * @param everyMs how long after an answer it is asked again by itself; undefined: never
 */
export function useAsked<T>(question: (signal: AbortSignal) => Promise<T>, when: readonly unknown[], everyMs?: number): Asked<T> {
  const [state, setState] = useState<{ readonly value?: T; readonly error?: string }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const onFailure = (error: unknown): void => setState((before) => ({ ...before, error: wordsOf(error) }));
    void askRepeatedly({ question, everyMs, onAnswer: (value) => setState({ value }), onFailure }, stop.signal);
    return () => stop.abort();
  }, [...when, turn]);
  return { value: state.value, error: state.error, again: () => setTurn((before) => before + 1) };
}
