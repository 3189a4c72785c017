import { compareDots, contains, only, unionOf } from "./context.ts";
import type { Context, Dot } from "./port.ts";

// The merge of one key: a register that keeps siblings. A state is its siblings and nothing else. That suffices because contexts are
// causally closed: whoever has read a version has read, with its context, all that it superseded. So the union of the siblings' contexts
// and dots is all that was ever known of the key here, and a version that comes late finds its dot there and is dropped.

/** What the merge needs to know of a version. */
export interface Version {
  readonly dot: Dot;
  /** What its writer had read of the key; never holds its own dot. */
  readonly context: Context;
}

export type Outcome = "added" | "present" | "superseded";

export interface Added<V extends Version> {
  readonly outcome: Outcome;
  /** Ascending by dot. The very list that was given, when nothing changed. */
  readonly siblings: readonly V[];
  /** The version with the same dot that was already there. */
  readonly same?: V;
}

/** Takes one version into a state. */
export function addVersion<V extends Version>(siblings: readonly V[], incoming: V): Added<V> {
  for (const sibling of siblings) {
    if (compareDots(sibling.dot, incoming.dot) === 0) return { outcome: "present", siblings, same: sibling };
    if (contains(sibling.context, incoming.dot)) return { outcome: "superseded", siblings };
  }
  const kept = siblings.filter((sibling) => !contains(incoming.context, sibling.dot));
  const place = kept.findIndex((sibling) => compareDots(sibling.dot, incoming.dot) > 0);
  kept.splice(place < 0 ? kept.length : place, 0, incoming);
  return { outcome: "added", siblings: kept };
}

/** Joins two states of one key. Commutative, associative, idempotent; no version goes but one that another's writer had read. */
export function merge<V extends Version>(a: readonly V[], b: readonly V[]): readonly V[] {
  return b.reduce<readonly V[]>((siblings, version) => addVersion(siblings, version).siblings, a);
}

/** All that is known of a key in this state: what a reader hands back when writing. */
export function contextOf(siblings: readonly Version[]): Context {
  return unionOf(siblings.flatMap(({ dot, context }) => [context, only(dot)]));
}

/**
 * Adds to a context that came from outside what is implied by it here: whoever has read a version has read what that one had read.
 * Keeps a caller's incomplete context from breaking the closure on which the merge stands.
 */
export function closed(context: Context, siblings: readonly Version[]): Context {
  return unionOf([context, ...siblings.filter((sibling) => contains(context, sibling.dot)).map((sibling) => sibling.context)]);
}
