import type { Bench } from "../test/cluster/harness.ts";
import { output } from "./processes.ts";

export interface Load {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers with another status, and connections that failed. */
  readonly failed: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };

function milliseconds(text: string | undefined): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text ?? "") ?? [];
  return Number(value) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
}

/** What wrk printed, as numbers. */
export function readWrk(text: string): Load {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text)?.[1];
  if (rate === undefined) throw new Error(`wrk said something else than expected: ${text}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const others = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0;
  return {
    requestsPerSecond: Number(rate),
    p50Ms: milliseconds(/50%\s+(\S+)/.exec(text)?.[1]),
    p99Ms: milliseconds(/99%\s+(\S+)/.exec(text)?.[1]),
    failed: errors.reduce((sum, count) => sum + Number(count), Number(others)),
  };
}

export interface Target {
  readonly port: number;
  readonly path: string;
  /** The Host header, when it is not the address. */
  readonly host?: string;
}

/** Has wrk ask for one path over and over on 64 connections. */
export async function load(bench: Bench, wrk: string, target: Target, seconds: number): Promise<Load> {
  const host = target.host === undefined ? [] : ["-H", `Host: ${target.host}`];
  return readWrk(await output(bench, wrk, ["-t2", "-c64", `-d${seconds}s`, "--latency", "--timeout", "20s", ...host, `http://127.0.0.1:${target.port}${target.path}`]));
}
