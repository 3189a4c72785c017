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
  return entry !== undefined && holds(entry, dot.counter);
}

function holds({ upTo, extra }: ContextEntry, counter: number): boolean {
  return counter <= upTo || find(extra, (each) => each - counter) !== undefined;
}

export function entryOf(context: Context, actor: Actor): ContextEntry | undefined {
  return find(context, (entry) => compareActors(entry.actor, actor));
}

/** By halving: a member may have sets as large as they can be lie beside each other in great number. @param order of an item to the one that is looked for, ascending */
function find<T>(items: readonly T[], order: (item: T) => number): T | undefined {
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const place = order(items[middle]!);
    if (place === 0) return items[middle];
    if (place < 0) from = middle + 1;
    else to = middle;
  }
  return undefined;
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
  while (atA < a.length) merged.push(a[atA++]!);
  while (atB < b.length) merged.push(b[atB++]!);
  return merged;
}

/** Of many sets: two halves each time, since one after the other would go through the first ones again for each of the others. */
export function unionOf(contexts: readonly Context[]): Context {
  if (contexts.length < 2) return contexts[0] ?? [];
  const middle = contexts.length >> 1;
  return union(unionOf(contexts.slice(0, middle)), unionOf(contexts.slice(middle)));
}

/** The set of one dot. */
export function only(dot: Dot): Context {
  return [compacted(dot.actor, 0, [dot.counter])];
}

export function withDot(context: Context, dot: Dot): Context {
  return union(context, only(dot));
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
 * @param known all that they know, themselves included
 */
export function withoutPast(read: Context, known: Context, versions: readonly { readonly dot: Dot }[], isPast: (host: HostId) => boolean): Context {
  return read.flatMap((entry): ContextEntry[] => {
    const { actor } = entry;
    if (!isPast(actor.host) || !isWithin(entry, entryOf(known, actor))) return [entry];
    const present = versions.filter(({ dot }) => compareActors(dot.actor, actor) === 0 && holds(entry, dot.counter)).map(({ dot }) => dot.counter);
    return present.length === 0 ? [] : [compacted(actor, 0, present.sort((a, b) => a - b))];
  });
}

function isWithin({ upTo, extra }: ContextEntry, known: ContextEntry | undefined): boolean {
  return known !== undefined && upTo <= known.upTo && extra.every((counter) => holds(known, counter));
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
