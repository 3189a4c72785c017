// For tests only: hosts of persons over one pool and one set of records made of memory.

import { createCipheriv } from "node:crypto";
import type { AccountId, BlobId, HostId, NamespaceId, NetworkId, PackId } from "../../codec/index.ts";
import { RAW, blobIdOf, concatBytes, idFromBytes, utf8 } from "../../codec/index.ts";
import { namespaceIdOf } from "../../cluster/index.ts";
import type { Genesis } from "../../cluster/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Env } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import type { FetchOptions, PackContent, PackInfo, Pool, Redundancy, StoredPack } from "../../pool/index.ts";
import { MAX_PACK_BYTES, PoolError, SEGMENT_BYTES, privateGenesis } from "../../pool/index.ts";
import type { KeyState, Records, Write, WriteOptions } from "../../records/index.ts";
import { EMPTY_CONTEXT } from "../../records/index.ts";
import type { EntriesParts, RunningEntries } from "../entries.ts";
import { createEntries } from "../entries.ts";
import { privateRule } from "../namespace.ts";
import type { EntryView, UploadResult } from "../port.ts";

export const MIB = 1024 * 1024;
export const env = machineEnv(silentLog);
export const network = namedId<NetworkId>("network");

export function namedId<Id extends AccountId | HostId | NetworkId | NamespaceId | PackId>(name: string): Id {
  return idFromBytes<Id>(sha256(utf8(name)));
}

/** Bytes that do not repeat and cannot be compressed, the same for the same seed. */
export function noise(length: number, seed: number): Uint8Array {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  return new Uint8Array(cipher.update(new Uint8Array(length)));
}

interface MemoryPack {
  readonly namespace: NamespaceId;
  readonly content: PackContent;
  readonly redundancy: Redundancy;
}

/** A pool in memory that checks what it is given as the real one would, and more. */
export class MemoryPool implements Pool {
  readonly stored = new Map<PackId, MemoryPack>();
  zoneCount = 4;
  /** Sizes of all packs that were ever stored. */
  readonly sizes: number[] = [];
  beforeStore: (content: PackContent) => Promise<void> = async () => {};
  /** Packs that lost hosts, and how many are left. */
  readonly left = new Map<PackId, number>();
  beforeRead: (pack: PackId) => Promise<void> = async () => {};
  reads = 0;
  /** Reads that have begun and not ended. */
  reading = 0;

  async store(namespace: NamespaceId, content: PackContent, redundancy: Redundancy, signal?: AbortSignal): Promise<StoredPack> {
    for (const { id, offset, length } of content.blobs) if (blobIdOf(RAW, sha256(content.bytes.subarray(offset, offset + length))) !== id) throw new Error("a blob is not what its id says");
    if (content.bytes.length > MAX_PACK_BYTES) throw new Error("a pack is too large");
    await this.beforeStore(content);
    signal?.throwIfAborted();
    const pack = namedId<PackId>(`pack ${this.sizes.length}`);
    this.stored.set(pack, { namespace, content, redundancy });
    this.sizes.push(content.bytes.length);
    return { pack, sizeBytes: content.bytes.length, holders: [namedId<HostId>("a")], wanted: 1, safe: true };
  }

  async remove(_: NamespaceId, packs: readonly PackId[]): Promise<void> {
    for (const pack of packs) this.stored.delete(pack);
  }

  info(namespace: NamespaceId, pack: PackId): PackInfo | undefined {
    const found = this.stored.get(pack);
    if (found?.namespace !== namespace) return undefined;
    const { redundancy } = found;
    const holders = Array.from({ length: this.left.get(pack) ?? (redundancy.kind === "code" ? redundancy.k + redundancy.m : 1) }, (_, at) => namedId<HostId>(`host ${at}`));
    return { pack, sizeBytes: found.content.bytes.length, redundancy, blobs: found.content.blobs, pieces: holders.map((host, index) => ({ host, index })), holders, maybe: [] };
  }

  *packs(namespace: NamespaceId): Generator<PackInfo> {
    for (const pack of this.stored.keys()) {
      const info = this.info(namespace, pack);
      if (info !== undefined) yield info;
    }
  }

  async *read(namespace: NamespaceId, pack: PackId, offset: number, length: number, { signal }: FetchOptions = {}): AsyncGenerator<Uint8Array> {
    this.reads += 1;
    await this.beforeRead(pack);
    const found = this.stored.get(pack);
    if (found?.namespace !== namespace || this.left.has(pack)) throw new PoolError("UNAVAILABLE", "no host has it");
    const { bytes } = found.content;
    if (offset + length > bytes.length) throw new PoolError("BAD_RANGE", "beyond the pack");
    this.reading += 1;
    try {
      for (let at = offset; at < offset + length; ) {
        signal?.throwIfAborted();
        const end = Math.min(offset + length, (Math.floor(at / SEGMENT_BYTES) + 1) * SEGMENT_BYTES);
        yield bytes.subarray(at, end);
        at = end;
      }
    } finally {
      this.reading -= 1;
    }
  }

  standing: Pool["standing"] = (namespace) => ({ packs: [...this.packs(namespace)].length, holders: new Set(), survives: 0, survivesNow: 0 });
  survives: Pool["survives"] = () => 2;
  zones: Pool["zones"] = () => this.zoneCount;

  /** Replaces the packs by others with the same blobs in another order, as their owner's clean-up does. */
  rewrite(): void {
    const blobs = [...this.stored.values()].flatMap(({ content, ...rest }) => content.blobs.map(({ id, offset, length }) => ({ ...rest, id, bytes: content.bytes.subarray(offset, offset + length) })));
    this.stored.clear();
    for (const [at, { id, bytes, namespace, redundancy }] of blobs.reverse().entries()) {
      this.stored.set(namedId<PackId>(`rewritten ${at}`), { namespace, redundancy, content: { bytes, blobs: [{ id, offset: 0, length: bytes.length }] } });
    }
  }
}

/** Records in memory that all hosts share at once. */
export class MemoryRecords {
  readonly values = new Map<string, Uint8Array>();
  /** How many durable copies each write asked for. */
  readonly copiesAsked: (number | undefined)[] = [];
  readonly #geneses = new Map<NamespaceId, Genesis>();
  readonly #listeners = new Set<Parameters<Records["onApplied"]>[0]>();

  async create(genesis: Genesis): Promise<NamespaceId> {
    const namespace = namespaceIdOf(genesis);
    this.#geneses.set(namespace, genesis);
    return namespace;
  }

  async write(author: AccountId, writes: readonly Write[], { copies }: WriteOptions = {}): ReturnType<Records["write"]> {
    this.copiesAsked.push(copies);
    for (const { namespace, key, value } of writes) {
      const verdict = privateRule({ namespace, key, value, author, host: namedId<HostId>("a"), incarnation: 1, batch: 1 }, this.#geneses.get(namespace)!, {} as never);
      if (verdict.kind !== "accept") throw new Error(`refused: ${JSON.stringify(verdict)}`);
      if (value === null) this.values.delete(`${namespace} ${key}`);
      else this.values.set(`${namespace} ${key}`, value);
    }
    for (const listener of this.#listeners) listener(writes[0]!.namespace, writes.map(({ key }) => key));
    return { dots: [], copies: 2, safe: true };
  }

  of(author: AccountId): EntriesParts["records"] {
    const state = (name: string): KeyState => ({ key: name.slice(name.indexOf(" ") + 1), siblings: [{ value: this.values.get(name)! } as KeyState["siblings"][number]], context: EMPTY_CONTEXT });
    return {
      create: (genesis) => this.create(genesis),
      write: (writes, options) => this.write(author, writes, options),
      local: (namespace, key) => (this.values.has(`${namespace} ${key}`) ? state(`${namespace} ${key}`) : undefined),
      localScan: (namespace, { prefix = "", after = "", limit = 1000 }) => {
        const names = [...this.values.keys()].filter((name) => name.startsWith(`${namespace} ${prefix}`) && name > `${namespace} ${after}`).sort();
        const entries = names.slice(0, limit).map(state);
        return { entries, next: names.length > limit ? entries.at(-1)!.key : undefined };
      },
      onApplied: (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
  }
}

export interface Person {
  readonly pool: MemoryPool;
  readonly records: MemoryRecords;
  readonly entries: RunningEntries;
  readonly namespace: NamespaceId;
  readonly reuse: ReturnType<typeof anyReuse>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** All content of earlier may be used anew, until a test says otherwise. */
export function anyReuse(): { canRely: boolean; reliable: (namespace: NamespaceId, packs: Iterable<PackId>) => Promise<ReadonlySet<PackId>>; staysSince: (wallMs: number) => boolean } {
  return { canRely: true, reliable: async (_namespace, packs) => new Set(packs), staysSince: () => true };
}

/** A host of a person. Others over the same pool and records are given those. */
export async function person(name: string, shared: { readonly pool?: MemoryPool; readonly records?: MemoryRecords; readonly env?: Env } = {}): Promise<Person> {
  const { pool = new MemoryPool(), records = new MemoryRecords(), env: own = env } = shared;
  const account = namedId<AccountId>(name);
  const reuse = anyReuse();
  const entries = createEntries(own, { network, account: () => account, seed: async () => sha256(utf8(`seed of ${name}`)), records: records.of(account), pool, reuse });
  return { pool, records, entries, reuse, namespace: namespaceIdOf(privateGenesis(network, account)), [Symbol.asyncDispose]: () => entries.stop() };
}

export type Tree = Readonly<Record<string, Uint8Array | string>>;

export async function* inChunks(bytes: Uint8Array, chunkBytes = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? utf8(content) : content;
}

export async function put({ entries }: Person, tree: Tree, folders: readonly string[] = []): Promise<UploadResult> {
  const upload = await entries.put({ name: "papers", kind: "folder" });
  upload.addFolders(folders.map((path) => ({ path, mode: 0o755, modifiedMs: 5 })));
  await Promise.all(Object.entries(tree).map(([path, content]) => upload.add({ path, mode: 0o644, modifiedMs: 7 }, inChunks(bytesOf(content)))));
  return upload.commit();
}

export async function read(view: EntryView, path: string, offset = 0, length = Infinity): Promise<Uint8Array> {
  const file = (await view.file(path))!;
  return concatBytes(...(await Array.fromAsync(file.read(offset, Math.min(length, file.sizeBytes - offset)))));
}

export async function treeOf(view: EntryView): Promise<Record<string, Uint8Array>> {
  const tree: Record<string, Uint8Array> = {};
  for await (const { path, kind } of view.rows()) if (kind === "file") tree[path] = await read(view, path);
  return tree;
}

/** Every id of a blob in the pool. */
export function blobsIn(pool: MemoryPool): BlobId[] {
  return [...pool.stored.values()].flatMap(({ content }) => content.blobs.map(({ id }) => id));
}
