import type { AccountId, NamespaceId, NetworkId, PackId } from "../codec/index.ts";
import { equalBytes } from "../codec/index.ts";
import { NONCE_BYTES } from "../crypto/index.ts";
import { namespaceIdOf } from "../cluster/index.ts";
import type { Env, Timer, WorkerTurn } from "../platform/index.ts";
import { Breathing, Worker } from "../platform/index.ts";
import type { PackInfo, Pool, PoolUpkeep, Redundancy } from "../pool/index.ts";
import { PACK_PREFIX, isCondemned, isReadable, privateGenesis, privateRedundancy } from "../pool/index.ts";
import type { Records } from "../records/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import { BlobIndex } from "./blob-index.ts";
import type { HintedRef } from "./content.ts";
import { ContentReader } from "./content.ts";
import { DriveError } from "./errors.ts";
import type { EntryText } from "./formats.ts";
import { kindOf } from "./formats.ts";
import { PrivateKeys } from "./keys.ts";
import type { EntryId } from "./namespace.ts";
import { entryKey, isEntryId, newEntryId, storedEntries } from "./namespace.ts";
import type { Entries, EntryFault, EntryInfo, UpgradePlan, UpgradeStep, UploadOptions } from "./port.ts";
import type { Survey } from "./rewriting.ts";
import { Rewriting } from "./rewriting.ts";
import { Sealer } from "./sealer.ts";
import { suffices } from "./suffices.ts";
import { PrivateUpload } from "./upload.ts";
import { Usage, worthOf } from "./usage.ts";
import { View } from "./view.ts";

const ID_BYTES = 16;
const MAX_NAME_BYTES = 255;
const KEPT_VIEWS = 8;
/** How long the thread that seals waits for the next upload. */
const REST_MS = 30_000;
const REWRITE_EVERY_MS = 3_600_000;

export interface EntriesParts {
  readonly network: NetworkId;
  /** The person in whose name this host writes; undefined when nobody delegated to it. */
  readonly account: () => AccountId | undefined;
  /** That person's seed. @throws when this machine has not got it */
  readonly seed: (account: AccountId) => Promise<Uint8Array>;
  readonly records: Pick<Records, "create" | "write" | "local" | "localScan" | "onApplied">;
  readonly pool: Pool;
  /** Tells whether content of earlier may be used anew, or may be deleted by another device of the person. */
  readonly reuse: Pick<PoolUpkeep, "canRely" | "reliable" | "staysSince">;
}

/** As the daemon runs them. */
export interface RunningEntries extends Entries {
  /** "rewrite". */
  readonly workers: readonly Worker[];
  /** Begins to write anew what is better kept in other packs. All else works before that too. */
  start(): void;
  /** Aborts uploads under way. */
  stop(): Promise<void>;
}

export function createEntries(env: Env, parts: EntriesParts): RunningEntries {
  return new EntriesRoom(env, parts);
}

/** What is known once the person's key has been read. */
interface Opened {
  readonly namespace: NamespaceId;
  readonly keys: PrivateKeys;
  readonly index: BlobIndex;
  readonly content: ContentReader;
}

class EntriesRoom implements RunningEntries {
  readonly #env: Env;
  readonly #with: EntriesParts;
  readonly #uploads = new Set<PrivateUpload>();
  readonly #unlisten: () => void;
  #opened: Promise<Opened> | undefined;
  #now: Opened | undefined;
  /** Entries read last, with the pages read last of each: thousands of files are asked for one by one. */
  readonly #views = new Map<EntryId, { readonly value: Uint8Array; readonly view: View }>();
  #sealer: Sealer | undefined;
  #resting: Timer | undefined;
  #isStopped = false;
  readonly #stopping = new AbortController();
  readonly #rewriting: Rewriting;
  readonly workers: readonly Worker[];

  constructor(env: Env, parts: EntriesParts) {
    this.#env = env;
    this.#with = parts;
    this.#rewriting = new Rewriting(env, { pool: parts.pool, canRely: () => parts.reuse.canRely, survey: (signal) => this.#survey(signal) });
    this.workers = [new Worker(env, { name: "rewrite", everyMs: REWRITE_EVERY_MS, work: (turn) => this.#rewriteTurn(turn) })];
    this.#unlisten = parts.records.onApplied((namespace, keys) => {
      if (namespace !== this.#now?.namespace) return;
      for (const key of keys) if (key.startsWith(PACK_PREFIX)) this.#now.index.learn(key.slice(PACK_PREFIX.length) as PackId);
    });
  }

  start(): void {
    for (const worker of this.workers) worker.start();
  }

  async stop(): Promise<void> {
    this.#unlisten();
    this.#isStopped = true;
    this.#stopping.abort(new DriveError("CLOSED", "This host is stopping."));
    await Promise.all(this.workers.map((worker) => worker.stop()));
    this.#resting?.cancel();
    await Promise.allSettled([...this.#uploads].map((upload) => upload.abort()));
    await this.#sealer?.end();
  }

  async put(options: UploadOptions): Promise<PrivateUpload> {
    if (options.name === "" || Buffer.byteLength(options.name) > MAX_NAME_BYTES) throw new DriveError("BAD_NAME", `A name has 1 to ${MAX_NAME_BYTES} bytes.`);
    const { namespace, keys, index } = await this.#open();
    const begunMs = this.#env.clock.wallMs();
    await index.ready();
    const { pool } = this.#with;
    const redundancy = options.redundancy ?? privateRedundancy(pool.zones());
    this.#resting?.cancel();
    this.#sealer ??= new Sealer(this.#env, { gear: keys.gear, content: keys.of("content") });
    const upload: PrivateUpload = new PrivateUpload({
      namespace,
      keys,
      sealer: this.#sealer,
      index,
      options,
      redundancy,
      store: (content, signal) => pool.store(namespace, content, redundancy, signal),
      pause: (ms, signal) => this.#env.timers.sleep(ms, signal),
      suits: (pack) => this.#suits(namespace, pack, redundancy),
      ownStay: () => this.#with.reuse.staysSince(begunMs),
      writeEntry: (text, packs, doubtful) => this.#writeEntry(text, packs, doubtful),
      ended: () => this.#ended(upload),
    });
    this.#uploads.add(upload);
    return upload;
  }

  async *list(): AsyncGenerator<EntryInfo | EntryFault> {
    const { namespace, keys } = await this.#open();
    for (const { id, value } of storedEntries(this.#with.records, namespace)) {
      try {
        yield infoOf(id, keys.unsealEntry(id, value));
      } catch (error) {
        yield { id, fault: error instanceof Error ? error : new Error(String(error)) };
      }
    }
  }

  async open(wanted: string): Promise<View> {
    const { namespace, keys, content } = await this.#open();
    const { id, value } = this.#find(namespace, wanted);
    const known = this.#views.get(id);
    this.#views.delete(id);
    const view = known !== undefined && equalBytes(known.value, value) ? known.view : viewOf(id, keys.unsealEntry(id, value), content);
    this.#views.set(id, { value, view });
    if (this.#views.size > KEPT_VIEWS) this.#views.delete(this.#views.keys().next().value!);
    return view;
  }

  async remove(wanted: string): Promise<{ readonly safe: boolean }> {
    const { namespace } = await this.#open();
    const { id } = this.#find(namespace, wanted);
    const { safe } = await this.#with.records.write([{ namespace, key: entryKey(id), value: null }]);
    return { safe };
  }

  async usage(signal: AbortSignal): Promise<Usage> {
    return (await this.#survey(signal)).usage;
  }

  planUpgrade(signal: AbortSignal): Promise<UpgradePlan> {
    return this.#rewriting.plan(this.#until(signal));
  }

  upgrade(signal: AbortSignal): AsyncGenerator<UpgradeStep> {
    return this.#rewriting.upgrade(this.#until(signal));
  }

  async #rewriteTurn(turn: WorkerTurn): Promise<void> {
    const { network, account, pool } = this.#with;
    const owner = account();
    // Who keeps nothing for themselves needs no namespace for it, nor their key.
    const isAnything = owner !== undefined && !pool.packs(namespaceIdOf(privateGenesis(network, owner)))[Symbol.iterator]().next().done;
    if (!isAnything) return turn.report("there is no private content here");
    await this.#rewriting.turn(turn);
  }

  async #survey(signal: AbortSignal): Promise<Survey> {
    const { namespace, index } = await this.#open();
    await index.ready();
    const { pool } = this.#with;
    // What is under way is asked first: what is committed meanwhile may be named by an entry that was passed already.
    const usage = new Usage({ env: this.#env, index, info: (pack) => pool.info(namespace, pack), isCondemned: (pack) => isCondemned(this.#with.records, namespace, pack), underWay: new Set([...this.#uploads].flatMap(({ packs }) => [...packs])) });
    const breathing = new Breathing(this.#env, signal);
    for await (const { id } of this.#needed(signal)) {
      usage.mark(id);
      await breathing.breathe();
    }
    await usage.settle(signal);
    return { namespace, usage, onStored: ({ pack }) => index.learn(pack) };
  }

  /** Every blob that an entry needs, as often as it is needed. */
  async *#needed(signal: AbortSignal): AsyncGenerator<HintedRef> {
    const { namespace, keys, content } = await this.#open();
    for (const { id, value } of storedEntries(this.#with.records, namespace)) {
      for await (const ref of viewOf(id, keys.unsealEntry(id, value), content).needed(signal)) {
        signal.throwIfAborted();
        yield ref;
      }
    }
  }

  async packsOf(wanted: string, signal: AbortSignal): Promise<ReadonlySet<PackId>> {
    const { content } = await this.#open();
    const packs = new Set<PackId>();
    for await (const ref of (await this.open(wanted)).needed(signal)) packs.add((await content.place(ref)).pack);
    return packs;
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#stopping.signal]);
  }

  #suits(namespace: NamespaceId, pack: PackId, redundancy: Redundancy): boolean {
    const { pool, reuse } = this.#with;
    // Parted from most others, nobody knows what is condemned there.
    if (!reuse.canRely) return false;
    const info: PackInfo | undefined = pool.info(namespace, pack);
    return info !== undefined && isReadable(info) && suffices(info.redundancy, redundancy) && !isCondemned(this.#with.records, namespace, pack);
  }

  async #writeEntry(text: Omit<EntryText, "createdMs">, packs: Iterable<PackId>, doubtful: () => readonly PackId[]): Promise<{ readonly entry: EntryInfo; readonly safe: boolean; readonly survives: number }> {
    const { namespace, keys } = await this.#open();
    const { pool, records, reuse } = this.#with;
    const used = [...packs];
    // Somebody may have cleaned up meanwhile, on another host of this person.
    const relied = await reuse.reliable(namespace, doubtful());
    const infos = used.map((pack) => pool.info(namespace, pack));
    if (infos.some((info) => info === undefined || !isReadable(info)) || doubtful().some((pack) => !relied.has(pack))) {
      throw new DriveError("CLOSED", "A pack that this content relies on was deleted or lost meanwhile, or may be deleted before long: too few hosts are in reach to tell. Put it again.");
    }
    const id = newEntryId(this.#env.random.bytes(ID_BYTES));
    const dated = { ...text, createdMs: Math.floor(this.#env.clock.wallMs()) };
    const value = keys.sealEntry(id, dated, this.#env.random.bytes(NONCE_BYTES));
    const survives = used.length === 0 ? 0 : pool.survives(namespace, used);
    // Whoever loses as many hosts as the content bears must not lose the one record that finds it.
    const { safe } = await records.write([{ namespace, key: entryKey(id), value, context: EMPTY_CONTEXT }], { copies: survives + 1 });
    return { entry: infoOf(id, dated), safe, survives };
  }

  #find(namespace: NamespaceId, wanted: string): { readonly id: EntryId; readonly value: Uint8Array } {
    const value = isEntryId(wanted) ? this.#with.records.local(namespace, entryKey(wanted))?.siblings.find((sibling) => sibling.value !== null)?.value : undefined;
    if (value === undefined || value === null || !isEntryId(wanted)) throw new DriveError("NO_ENTRY", `You keep nothing under the id ${JSON.stringify(wanted.slice(0, 80))} here. "holdfast ls" lists what you keep.`);
    return { id: wanted, value };
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#begin().catch((error: unknown) => {
      // The key may be imported while the host runs.
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #begin(): Promise<Opened> {
    const { network, account, seed, records, pool } = this.#with;
    const owner = account();
    if (owner === undefined) throw new DriveError("NO_ACCOUNT", 'This host acts for nobody, and private content is somebody\'s. Give it your recovery phrase with "holdfast key import".');
    const secret = await seed(owner);
    const namespace = await records.create(privateGenesis(network, owner));
    const keys = new PrivateKeys(secret, namespace);
    const index = new BlobIndex(this.#env, pool, namespace);
    this.#now = { namespace, keys, index, content: new ContentReader({ namespace, keys, index, pool, worth: (pack) => worthOf(pool.info(namespace, pack), isCondemned(this.#with.records, namespace, pack)) }) };
    return this.#now;
  }

  #ended(upload: PrivateUpload): void {
    this.#uploads.delete(upload);
    this.#resting?.cancel();
    if (this.#uploads.size > 0 || this.#isStopped) return;
    // A thread takes memory that nobody needs until the next upload, and some time to start.
    this.#resting = this.#env.timers.after(REST_MS, () => {
      const sealer = this.#sealer;
      this.#sealer = undefined;
      sealer?.end().catch((error: unknown) => this.#env.log.warn("a thread that sealed private content did not end", { error }));
    });
  }
}

function viewOf(id: EntryId, text: EntryText, content: ContentReader): View {
  return new View(infoOf(id, text), text, content);
}

function infoOf(id: EntryId, text: EntryText): EntryInfo {
  const { name, files, folders, sizeBytes, createdMs } = text;
  return { id, name, kind: kindOf(text), files, folders, sizeBytes, createdMs };
}
