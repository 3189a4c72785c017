import { pino } from "pino";
import type { Log, LogFields } from "./env.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Fields that would carry a secret if somebody passed them by mistake. (An error's code is none.) */
const REDACTED = ["code", "invite", "phrase", "seed", "token", "secret", "*.phrase", "*.seed", "*.token", "*.secret"];

interface PinoLike {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
  child(fields: object): PinoLike;
}

/** One JSON object per line on standard error, written at once so that the last words before a crash are kept. */
export function jsonLog(level: LogLevel): Log {
  return wrap(pino({ level, redact: REDACTED, base: null }, pino.destination({ fd: 2, sync: true })));
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };

function wrap(logger: PinoLike): Log {
  return {
    debug: (event, fields) => logger.debug(readable(fields), event),
    info: (event, fields) => logger.info(readable(fields), event),
    warn: (event, fields) => logger.warn(readable(fields), event),
    error: (event, fields) => logger.error(readable(fields), event),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/** An Error in the fields becomes its message and code; a stack is added for errors that are not ours. */
function readable(fields: LogFields | undefined): object {
  if (fields === undefined) return {};
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describe(value) : value]));
}

function describe(error: Error): object {
  const code = "code" in error ? error.code : undefined;
  return { message: error.message, ...(code === undefined ? { stack: error.stack } : { code }) };
}
