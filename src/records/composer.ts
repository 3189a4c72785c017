import type { Delegation, Genesis, Verdict } from "../cluster/index.ts";
import { shardOf } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId } from "../codec/index.ts";
import type { StoredRecord, UnsealedRecord } from "./batch.ts";
import { compareActors, highest, isCanonical, union, withDot, withoutPast } from "./context.ts";
import type { Draft } from "./draft.ts";
import { RecordsError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BLIND_ROW_BYTES, MAX_BLIND_SIBLINGS, MAX_KEY_BYTES, MAX_PATH, MAX_SEAL_BYTES, MAX_VALUE_BYTES } from "./limits.ts";
import { closed, contextOf, merge } from "./merge.ts";
import type { Version } from "./merge.ts";
import type { InformedWrite } from "./jobs.ts";
import type { Actor, Context, Dot, Write } from "./port.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { RecordBody } from "./record.ts";
import { fits } from "./record.ts";
import { isKey } from "./verify.ts";

/** An upper bound of what proves a record in its row. */
const PROOF_BYTES = MAX_SEAL_BYTES + MAX_PATH * 34 + 32;

/** So many namespaces in one batch: their geneses travel with it. */
const MAX_BATCH_NAMESPACES = 64;

/** What composing own records needs to see. */
export interface ComposerView {
  readonly draft: Draft;
  readonly identity: Identity;
  readonly wallMs: number;
  /** Whether nothing is left anywhere of what a host's versions in the row with this number have superseded. */
  isPast(sequence: number, host: HostId): boolean;
  /** Own records that no row here has. */
  overlay(namespace: NamespaceId, key: string): readonly StoredRecord[];
  genesis(namespace: NamespaceId): Genesis | undefined;
  judge(record: Judged, genesis: Genesis): Verdict;
  /** Whether there is room for it, and time; counts it when so. */
  ration(record: Judged, genesis: Genesis): Verdict;
}

interface Judged {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly author: AccountId | null;
}

/** A dot about to be taken that somebody claims to have read: this disk is older than the network's memory of it. */
export class DotWasSeen extends Error {}

/** A call that fits into a batch, but not any more into this one. */
export class BatchIsFull extends Error {}

/**
 * Own records of one batch, before they are sealed. Nothing is taken from the draft until `finish`, so a write that is refused leaves no gap
 * in the dots, and the whole can be composed anew under another incarnation.
 */
export class Composer {
  readonly bodies: RecordBody[] = [];
  readonly #view: ComposerView;
  readonly #author: AccountId | null;
  readonly #namespaces = new Set<NamespaceId>();
  /** The last write to each key. */
  readonly #taken = new Map<string, Taken>();
  #bytes = 0;

  constructor(view: ComposerView, delegation: Delegation | null) {
    this.#view = view;
    this.#author = delegation?.account ?? null;
  }

  /** Whether one more write call fits into the batch. */
  hasRoomFor(writes: readonly Write[]): boolean {
    return this.bodies.length + writes.length <= MAX_BATCH_RECORDS && this.#bytes + weightOf(writes) <= MAX_BATCH_BYTES / 2;
  }

  /**
   * Adds all writes of one call, or none.
   * @throws RecordsError REFUSED, TOO_LARGE, UNKNOWN_NAMESPACE, BAD_RECORD
   * @throws DotWasSeen, BatchIsFull
   */
  add(writes: readonly InformedWrite[]): readonly Dot[] {
    if (writes.length > MAX_BATCH_RECORDS || weightOf(writes) > MAX_BATCH_BYTES) throw tooMuch(writes.length);
    const namespaces = new Set(writes.map(({ namespace }) => namespace));
    if (namespaces.size > MAX_BATCH_NAMESPACES) throw new RecordsError("TOO_LARGE", `A batch spans at most ${MAX_BATCH_NAMESPACES} namespaces. Write them one after another.`);
    if (namespaces.union(this.#namespaces).size > MAX_BATCH_NAMESPACES) throw new BatchIsFull();
    for (const write of writes) this.#check(write);
    const taken: Taken[] = [];
    const last = new Map<string, Taken>();
    for (const write of writes) {
      const each = this.#take(write, last);
      taken.push(each);
      last.set(each.name, each);
    }
    // Only now is it known what they have read of the keys, which may be more than all the rest.
    const bytes = weightOf(taken.map(({ body }) => body));
    if (bytes > MAX_BATCH_BYTES) throw tooMuch(writes.length);
    if (this.#bytes + bytes > MAX_BATCH_BYTES) throw new BatchIsFull();
    // Last, since it counts them: what goes into the next batch comes by here again.
    for (const write of writes) this.#ration(write);
    for (const each of taken) this.#keep(each);
    this.#bytes += bytes;
    return taken.map(({ body }) => body.dot);
  }

  /** Makes the dots taken part of the draft. */
  finish(): void {
    for (const { body } of this.#taken.values()) this.#view.identity.setCounter(this.#view.draft, body.namespace, body.key, body.dot.counter);
  }

  #check({ namespace, key, value, context }: Write): void {
    if (context !== undefined && !isCanonical(context)) throw new RecordsError("BAD_RECORD", `The context given for "${key}" is none that was read. Hand back what a read returned.`);
    if (!isKey(key)) throw new RecordsError("TOO_LARGE", `A key has 1 to ${MAX_KEY_BYTES} bytes of well-formed text; "${key.slice(0, 40)}" has not.`);
    if (value !== null && value.length > MAX_VALUE_BYTES) throw new RecordsError("TOO_LARGE", `The value of "${key}" has ${value.length} bytes; a record holds ${MAX_VALUE_BYTES} at most. Keep larger things as files: publish them, or put them as private ones.`);
    demand(key, this.#view.judge({ namespace, key, value, author: this.#author }, this.#genesis(namespace)));
  }

  #ration({ namespace, key, value }: Write): void {
    demand(key, this.#view.ration({ namespace, key, value, author: this.#author }, this.#genesis(namespace)));
  }

  #genesis(namespace: NamespaceId): Genesis {
    const genesis = this.#view.genesis(namespace);
    if (genesis === undefined) throw new RecordsError("UNKNOWN_NAMESPACE", `This host knows no namespace ${namespace}. Create it, or read or follow it first.`);
    return genesis;
  }

  /** @param before what the same call has taken so far, the last of each key */
  #take(write: InformedWrite, before: ReadonlyMap<string, Taken>): Taken {
    const { namespace, key, value } = write;
    const { identity, draft } = this.#view;
    const name = namespace + key;
    const last = before.get(name) ?? this.#taken.get(name);
    const group = shardOf(namespace, this.#genesis(namespace), key);
    const state = last?.siblings ?? merge(draft.siblings(namespace, key, group), this.#view.overlay(namespace, key));
    const known = contextOf(state);
    const read = supersededBy(write, state, identity.actor);
    const sequence = last === undefined ? draft.sequence(namespace, key, group) : undefined;
    const counter = (last?.body.dot.counter ?? identity.counter(draft, namespace, key)) + 1;
    const dot = { actor: identity.actor, counter };
    if (Math.max(highest(known, dot.actor), highest(read, dot.actor)) >= counter) throw new DotWasSeen();
    // What the row's versions had superseded is nowhere any more when the row was there before a round that has been completed: the next
    // version need not name it, and so contexts do not grow with all the incarnations that ever wrote a key.
    const named = sequence === undefined ? read : withoutPast(read, known, state, (host) => this.#view.isPast(sequence, host));
    const body = { namespace, key, dot, context: named, value, wallMs: this.#view.wallMs, author: this.#author };
    const siblings = merge<UnsealedRecord>(state, [{ dot, context: named, body }]);
    checkBounds(key, named, siblings);
    return { name, body, siblings };
  }

  #keep(taken: Taken): void {
    this.#taken.set(taken.name, taken);
    this.#namespaces.add(taken.body.namespace);
    this.bodies.push(taken.body);
  }
}

interface Taken {
  readonly name: string;
  readonly body: RecordBody;
  /** The key's versions with this one. */
  readonly siblings: readonly UnsealedRecord[];
}

/** @throws RecordsError REFUSED */
function demand(key: string, verdict: Verdict): void {
  if (verdict.kind === "refuse") throw new RecordsError("REFUSED", `"${key}" may not be written (${verdict.code}): ${verdict.why}.`);
  if (verdict.kind === "later") throw new RecordsError("REFUSED", `"${key}" cannot be written yet: ${verdict.why}. Try again once this host has caught up with the others.`);
}

/** What a write supersedes of the versions that lie there at its turn, and of those that may come yet. */
function supersededBy({ context, supersedesOwn, heard = EMPTY_CONTEXT }: InformedWrite, state: readonly Version[], actor: Actor): Context {
  if (context === undefined) return union(contextOf(state), closed(heard, state));
  // Of a former incarnation its writer may have forgotten what others bring back: that was not read.
  const own = supersedesOwn === true ? state.filter(({ dot }) => compareActors(dot.actor, actor) === 0) : [];
  return closed(own.reduce((all, { dot }) => withDot(all, dot), context), state);
}

/** What is refused here finds no room in the rows of others either, or soon would not: it would wait for them for ever. */
function checkBounds(key: string, context: Context, siblings: readonly UnsealedRecord[]): void {
  if (!fits(context)) throw new RecordsError("TOO_LARGE", `The history of "${key}" has outgrown a record. Write its value under another key and delete this one.`);
  const bytes = siblings.reduce((sum, { body }) => sum + weightOf([body]) + PROOF_BYTES, 0);
  if (siblings.length <= MAX_BLIND_SIBLINGS && bytes <= MAX_BLIND_ROW_BYTES) return;
  throw new RecordsError("TOO_LARGE", `"${key}" has ${siblings.length - 1} versions beside each other, and with this one they would take ${bytes} bytes. Read it and write with the context that was read.`);
}

function tooMuch(count: number): RecordsError {
  return new RecordsError("TOO_LARGE", `${count} writes are too much for one batch: it takes ${MAX_BATCH_RECORDS} records and ${MAX_BATCH_BYTES} bytes, with what each says of the versions that it supersedes. Write fewer at once.`);
}

/** An upper bound of the encoded size. */
function weightOf(writes: readonly Pick<Write, "key" | "value" | "context">[]): number {
  return writes.reduce((sum, { key, value, context }) => sum + 256 + key.length * 3 + (value?.length ?? 0) + (context ?? []).reduce((size, { extra }) => size + 64 + extra.length * 9, 0), 0);
}
