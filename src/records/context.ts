import type { HostId } from "../codec/index.ts";
import type { Actor, Context, ContextEntry, Dot } from "./port.ts";

// Exact sets of dots, after "Dotted Version Vectors: Logical Clocks for Optimistic Replication" (Preguiça et al., 2010).
// A set is never rounded up to a maximum: whoever writes 5 and 7 blindly and is read where only 7 is must not lose 5.
// The one form of a set: entries ascend by host and incarnation, extras ascend and do not touch `upTo`, nothing is empty.

export function compareActors(a: Actor, b: Actor): number {
  if (a.host !== b.host) return a.host < b.host ? -1 : 1;
  return a.incarnation - b.incarnation;
}

/** A total order that is the same on all hosts. It means nothing beyond that. */
export function compareDots(a: Dot, b: Dot): number {
  return compareActors(a.actor, b.actor) || a.counter - b.counter;
}

export function contains(context: Context, dot: Dot): boolean {
  const entry = entryOf(context, dot.actor);
  return entry !== undefined && (dot.counter <= entry.upTo || entry.extra.includes(dot.counter));
}

export function entryOf(context: Context, actor: Actor): ContextEntry | undefined {
  return context.find((entry) => entry.actor.incarnation === actor.incarnation && entry.actor.host === actor.host);
}

/** The greatest counter of the actor in the set; 0 when there is none. */
export function highest(context: Context, actor: Actor): number {
  const entry = entryOf(context, actor);
  return entry === undefined ? 0 : (entry.extra.at(-1) ?? entry.upTo);
}

export function union(a: Context, b: Context): Context {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: ContextEntry[] = [];
  let [atA, atB] = [0, 0];
  while (atA < a.length && atB < b.length) {
    const order = compareActors(a[atA]!.actor, b[atB]!.actor);
    if (order < 0) merged.push(a[atA++]!);
    else if (order > 0) merged.push(b[atB++]!);
    else merged.push(joined(a[atA++]!, b[atB++]!));
  }
  return [...merged, ...a.slice(atA), ...b.slice(atB)];
}

export function withDot(context: Context, dot: Dot): Context {
  return union(context, [compacted(dot.actor, 0, [dot.counter])]);
}

function joined(a: ContextEntry, b: ContextEntry): ContextEntry {
  if (a.extra.length === 0 && b.extra.length === 0) return a.upTo >= b.upTo ? a : b;
  const extra = [...new Set([...a.extra, ...b.extra])].sort((x, y) => x - y);
  return compacted(a.actor, Math.max(a.upTo, b.upTo), extra);
}

/** @param extra ascending */
function compacted(actor: Actor, upTo: number, extra: readonly number[]): ContextEntry {
  let reached = upTo;
  let next = 0;
  while (next < extra.length && extra[next]! <= reached + 1) reached = Math.max(reached, extra[next++]!);
  return { actor, upTo: reached, extra: extra.slice(next) };
}

/**
 * What has to be named of a set of dots by whoever writes next: those of the versions that are there, and everything by hosts whose past is
 * not over, or that goes beyond what these versions know.
 */
export function withoutPast(read: Context, versions: readonly { readonly dot: Dot; readonly context: Context }[], isPast: (host: HostId) => boolean): Context {
  return read.flatMap((entry): ContextEntry[] => {
    const { actor } = entry;
    const present = versions.filter(({ dot }) => compareActors(dot.actor, actor) === 0 && contains([entry], dot)).map(({ dot }) => dot.counter);
    const isKnown = (counter: number): boolean => present.includes(counter) || versions.some(({ context }) => contains(context, { actor, counter }));
    if (!isPast(actor.host) || !entry.extra.every(isKnown) || !isKnownUpTo(entry, versions, present)) return [entry];
    return present.length === 0 ? [] : [compacted(actor, 0, present.sort((a, b) => a - b))];
  });
}

/** Whether versions know all dots of an actor up to one, or are the last of them. */
function isKnownUpTo({ actor, upTo }: ContextEntry, versions: readonly { readonly context: Context }[], present: readonly number[]): boolean {
  const known = versions.reduce<Context>((all, { context }) => union(all, context.filter((each) => compareActors(each.actor, actor) === 0)), []);
  const all = union(known, present.length === 0 ? [] : [compacted(actor, 0, [...present].sort((a, b) => a - b))]);
  return upTo === 0 || (all[0]?.upTo ?? 0) >= upTo;
}

/** Whether the set has its one form; sets from outside are checked before use. */
export function isCanonical(context: Context): boolean {
  return context.every((entry, at) => {
    const before = context[at - 1];
    if (before !== undefined && compareActors(before.actor, entry.actor) >= 0) return false;
    if (entry.upTo === 0 && entry.extra.length === 0) return false;
    return entry.extra.every((counter, place) => counter > (place === 0 ? entry.upTo + 1 : entry.extra[place - 1]!));
  });
}
