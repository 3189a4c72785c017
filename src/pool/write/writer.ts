// How a pack is written. The writer makes the pieces: copies of the content, or the k + m coded ones. It makes the pack's record with the Merkle
// root of each, which gives the pack its id, and signs it in the owner's name. Then it asks as many hosts as there are pieces for space, all at
// once, in an order that follows from the pack's id, the hosts' free space and their zones; its own disk is one host like the others. As soon
// as enough of them have promised space for the pack to be worth anything, each that promised gets one piece, streamed with backpressure. A
// holder checks size and Merkle root as the bytes come in, syncs them to its disk under the pack's record, and answers with its claim: its
// signature that it holds the piece. A host that refuses, fails or goes silent is replaced by the next in order; the others are not disturbed.
// When all have ended, one batch of records commits the pack together with its claims. That is the moment at which the pack exists. Fewer
// claims than wanted are a success: the records say what is missing, and repair sees to it. Too few to survive a loss, or none where
// nothing more was asked for, is NO_SPACE.
//
// A pack that is not committed after bytes have left is recorded as aborted, and from then on it is not there, even if a commit comes late. The writer
// does not say so itself: it may have slept meanwhile, and its holders have published the pack. It writes down which packs it sends before the first
// byte leaves, and what became of those that failed, or were under way when it was killed, a worker finds out (giving-up.ts).
// Holders that have the piece delete it when they see that word and not before: to them, a commit that has not come looks the same as one
// that never will.

import type { Delegation, Genesis, Member } from "../../cluster/index.ts";
import type { NamespaceId, PackId } from "../../codec/index.ts";
import { Limiter, messageOf } from "../../platform/index.ts";
import type { Write } from "../../records/index.ts";
import type { Catalog } from "../record/catalog.ts";
import type { Claim } from "../record/claim.ts";
import { claimCodec } from "../record/claim.ts";
import type { Coding } from "./coding.ts";
import { PoolError } from "../errors.ts";
import { isCondemned } from "../record/fate.ts";
import { activeMembers, isUsable } from "../record/holders.ts";
import { claimKey, condemnedKey, packKey } from "../record/keys.ts";
import { labelCodec } from "../record/label.ts";
import type { Piece } from "./offer.ts";
import { encodeBody, packIdOf, signPack } from "../record/pack-record.ts";
import type { PlaceParts, Placement } from "./place.ts";
import { place } from "./place.ts";
import type { PackContent, Redundancy, StoredPack } from "../port.ts";
import { MAX_PACK_BYTES, SEGMENT_BYTES } from "../port.ts";
import { checkRedundancy } from "../layout/redundancy.ts";
import { OverQuota } from "../upkeep/refusals.ts";
import { SpareMemory } from "./spare-memory.ts";
import type { Unfinished } from "./unfinished.ts";

/** A pack for all hosts is sent to so many; the rest fetch it from them, which spreads the load over all. */
const SENT_FOR_ALL = 8;
/** Copies of a copied pack's record that its commit waits for, at most: it lies beside each of the copies too. */
const RECORD_COPIES_MAX = 3;
/** Records in one batch of a removal. */
const BATCH = 256;

/** Content of packs being written at once; of each all pieces are in memory, which is up to three times as much. */
const UNDER_WAY_BYTES_MAX = 64 * 1024 * 1024;

interface Draft {
  readonly record: Uint8Array;
  /** One for each host that is wanted. */
  readonly pieces: readonly Piece[];
  /** Hosts without which the pack is not worth keeping. */
  readonly minimum: number;
  /** Copies that the pack's record should have: one more than hosts may be lost. */
  readonly recordCopies: number;
  /** Gives the memory of pieces and content back. */
  readonly release: () => void;
}

export class Writer {
  readonly #with: PlaceParts;
  readonly #catalog: Catalog;
  readonly #coding: Coding;
  readonly #underWay = new Limiter(UNDER_WAY_BYTES_MAX);
  readonly #spare = new SpareMemory();
  readonly #unfinished: Unfinished;

  constructor(placing: PlaceParts, catalog: Catalog, coding: Coding, unfinished: Unfinished) {
    this.#with = placing;
    this.#catalog = catalog;
    this.#coding = coding;
    this.#unfinished = unfinished;
  }

  async store(namespace: NamespaceId, content: PackContent, redundancy: Redundancy, signal: AbortSignal): Promise<StoredPack> {
    const land = await this.#underWay.take(content.bytes.length, signal);
    try {
      const draft = await this.#draft(namespace, content, checkRedundancy(redundancy), signal);
      return await this.#put(namespace, content, draft, signal);
    } finally {
      land();
      if (this.#underWay.inUse === 0) this.#spare.clear();
    }
  }

  async #put(namespace: NamespaceId, content: PackContent, draft: Draft, signal: AbortSignal): Promise<StoredPack> {
    const { pieces, minimum } = draft;
    const { pack } = pieces[0]!;
    await this.#unfinished.begin({ namespace, pack });
    const placement = await place(this.#with, pieces, { minimum, signal });
    const { claims } = placement;
    try {
      signal.throwIfAborted();
      if (claims.length < minimum) throw placement.overBytes === undefined ? this.#noSpace(content, minimum, placement) : this.#overQuota(placement.overBytes);
      const safe = await this.#commit(draft, claims);
      // What was sent to a host that failed may still wait in its connection.
      if (placement.refusals.length === 0) draft.release();
      return { pack, sizeBytes: content.bytes.length, holders: claims.map(({ host }) => host), wanted: pieces.length, safe };
    } catch (error) {
      if (placement.touched) this.#unfinished.failed(pack);
      throw error;
    } finally {
      this.#unfinished.end(pack);
    }
  }

  /** The owner's tombstones on the packs and on what else is recorded of them. */
  async remove(namespace: NamespaceId, packs: readonly PackId[]): Promise<void> {
    const { records } = this.#with.parts;
    const keys = packs.flatMap((pack) => [
      packKey(pack),
      ...this.#catalog.holdings(namespace, pack).map(({ host, index }) => claimKey(pack, index, host)),
      ...(isCondemned(records, namespace, pack) ? [condemnedKey(pack)] : []),
    ]);
    for (let at = 0; at < keys.length; at += BATCH) {
      await records.write(keys.slice(at, at + BATCH).map((key) => ({ namespace, key, value: null })));
    }
  }

  async #draft(namespace: NamespaceId, content: PackContent, redundancy: Redundancy, signal: AbortSignal): Promise<Draft> {
    const { env, parts } = this.#with;
    const { genesis, delegation } = this.#owner(namespace);
    const { bytes, blobs } = content;
    if (bytes.length > MAX_PACK_BYTES) throw new PoolError("BAD_PACK", `A pack has at most ${MAX_PACK_BYTES} bytes, this one ${bytes.length}. Split it.`);
    const [k, m, copies] = redundancy.kind === "code" ? [redundancy.k, redundancy.m, 1] : [1, 0, redundancy.copies];
    const taken: Uint8Array[] = [];
    const take = (sizeBytes: number): Uint8Array => {
      taken.push(this.#spare.take(sizeBytes));
      return taken.at(-1)!;
    };
    const { pieces, roots } = k === 1 ? { pieces: [bytes], roots: [await this.#coding.root(bytes, signal)] } : await this.#coding.encode(k, m, content, take, signal);
    const pieceBytes = pieces[0]!.length;
    const body = readableBody(() => encodeBody({ k, m, copies, sizeBytes: bytes.length, pieceBytes, roots, blobs, nonce: env.random.bytes(16) }));
    const record = signPack(namespace, body, delegation, parts.hostKey);
    const [pack, label] = [packIdOf(body), labelCodec.encode({ genesis, record })];
    const each = pieces.map((piece, index): Piece => ({ namespace, pack, index, sizeBytes: pieceBytes, root: roots[index]!, label, bytes: () => chunksOf(piece) }));
    const release = (): void => {
      for (const memory of taken) this.#spare.give(memory);
      content.release?.();
    };
    if (redundancy.kind === "code") return { record, pieces: each, minimum: k + 1, recordCopies: m + 1, release };
    const wanted = copies === "all" ? Math.min(SENT_FOR_ALL, activeMembers(parts).length) : copies;
    return { record, pieces: Array.from({ length: wanted }, () => each[0]!), minimum: 1, recordCopies: Math.min(wanted, RECORD_COPIES_MAX), release };
  }

  #owner(namespace: NamespaceId): { genesis: Genesis; delegation: Delegation } {
    const { records, delegation } = this.#with.parts;
    const genesis = records.genesis(namespace);
    if (genesis === undefined) throw new PoolError("UNKNOWN_NAMESPACE", `This host knows no namespace ${namespace}. Wait until it has caught up, and try again.`);
    const said = delegation();
    if (said === undefined || said.account !== genesis.owner) {
      throw new PoolError("NOT_OWNER", "This host may not write in the name of the namespace's owner. Use a host of theirs, or import their key here.");
    }
    return { genesis, delegation: said };
  }

  /** Whether the record has as many durable copies as it should. */
  async #commit({ pieces, record, recordCopies }: Draft, claims: readonly Claim[]): Promise<boolean> {
    const { namespace, pack } = pieces[0]!;
    // Not given the signal: a commit that was begun is either made or refused, never abandoned with its outcome unknown.
    const { safe } = await this.#with.parts.records.write([{ namespace, key: packKey(pack), value: record }, ...claims.map((claim) => claimWrite(namespace, claim))], { copies: recordCopies });
    return safe;
  }

  #overQuota(overBytes: number): PoolError {
    const { roster, delegation } = this.#with.parts;
    const may = roster().people.get(delegation()!.account)?.quotaBytes;
    return new OverQuota(overBytes, `You would be over your quota by at least ${counted(overBytes)}${may === undefined ? "" : `: all pieces of your content may take ${counted(may)} together`}. Delete something, or ask an administrator for more: "holdfast quota" shows what each may take.`);
  }

  #noSpace({ bytes }: PackContent, minimum: number, { refusals, late }: Placement): PoolError {
    const { parts } = this.#with;
    const members = [...parts.roster().members.values()].filter(({ host }) => host !== parts.self);
    const named = (what: string, hosts: readonly Member[]): string[] => (hosts.length === 0 ? [] : [`${what}: ${hosts.map(({ name }) => name).join(", ")}`]);
    const reasons = [
      ...refusals,
      ...named("not connected", members.filter(({ host }) => parts.presence(host) !== "online")),
      ...named("being emptied or not trusted", members.filter((member) => parts.presence(member.host) === "online" && !isUsable(parts, member))),
    ];
    const advice = [
      ...(late > 0 ? ["The line to a host that took too long may be slow or busy: try again later, or from a host with a quicker one."] : []),
      ...(late === 0 || late < refusals.length ? ["Free some space, raise a host's capacity, or add a host."] : []),
    ];
    const whom = minimum === 1 ? "No host takes" : `Fewer than the ${minimum} hosts that this code needs take`;
    return new PoolError("NO_SPACE", `${whom} the pack of ${bytes.length} bytes (${reasons.length === 0 ? `this host knows of ${members.length === 0 ? "no other member yet" : `${members.length + 1} members`}` : reasons.join("; ")}). ${advice.join(" ")}`);
  }
}

function counted(bytes: number): string {
  return `${bytes.toLocaleString("en")} bytes`;
}

export function claimWrite(namespace: NamespaceId, claim: Claim): Write {
  return { namespace, key: claimKey(claim.pack, claim.index, claim.host), value: claimCodec.encode(claim) };
}

/** A caller's mistake in the list of blobs is named as such, not as malformed bytes from elsewhere. */
function readableBody(encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    throw new PoolError("BAD_PACK", `The pack cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

// eslint-disable-next-line typescript/require-await
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) yield bytes.subarray(at, at + SEGMENT_BYTES);
}
