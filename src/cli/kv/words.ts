import type { KvEntry, KvWritten } from "../../door/index.ts";
import { count, formatBytes } from "../sizes.ts";
import { printable } from "../table.ts";

const SHOWN_CHARS = 200;

export function bytesOf({ base64 }: { readonly base64: string }): Buffer {
  return Buffer.from(base64, "base64");
}

/** A value on one line: text as it is, anything else by its size. */
function shown(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) return `(${formatBytes(bytes.length)} that are no text)`;
  return printable(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}… (${formatBytes(bytes.length)})` : text);
}

/** A key and what it holds: a line for each value, or one that says it is deleted. */
export function linesOf({ key, values }: KvEntry): string {
  if (values.length === 0) return `${printable(key)}\t(deleted)\n`;
  const which = (at: number): string => (values.length === 1 ? "" : `(${at + 1} of ${values.length}) `);
  return values.map((value, at) => `${printable(key)}\t${which(at)}${shown(bytesOf(value))}\n`).join("");
}

/** What became of a write, copies last: that is what matters most. */
export function told(what: string, { copies, safe }: KvWritten): string {
  const where = copies === 1 ? "on this host's disk only" : `on ${count(copies, "host")}`;
  if (safe) return `${what}: ${where}.`;
  return `${what}, but ${where} for now: when this host is lost, so is it. It is brought to the others as soon as they are in reach.`;
}
