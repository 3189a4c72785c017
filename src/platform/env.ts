/** Wall-clock time decorates records and shows people when something happened. It decides nothing. */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes. May jump. */
  wallMs(): number;
  /** Milliseconds that never go backwards, from an arbitrary start. For intervals and deadlines. */
  monotonicMs(): number;
}

export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Calls `action` once after `delayMs`. A pending timer does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: an event in plain words, and its fields. Secrets are never fields. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** All that is not a function of its arguments. The daemon hands out the machine's, the simulator its own. */
export interface Env {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}
