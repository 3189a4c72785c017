// How a pack is written. The writer makes the pack's record, which gives the pack its id, and signs it in the owner's name. It asks as many
// hosts as copies are wanted for space, all at once, in an order that follows from the pack's id, the hosts' free space and their zones; its
// own disk is one host like the others. Each that promises gets the piece, streamed with backpressure. A holder checks size and Merkle root
// as the bytes come in, syncs them to its disk under the pack's record, and answers with its claim: its signature that it holds the piece.
// A host that refuses, fails or goes silent is replaced by the next in order; the others are not disturbed. When all lanes have ended, one
// batch of records commits the pack together with its claims. That is the moment at which the pack exists. Fewer claims than wanted
// are a success: the records say what is missing, and the top-up worker sees to it. None at all is NO_SPACE.
//
// A writer that gives up after bytes have left records the pack as aborted, and from then on it is not there, even if a commit comes late.
// Holders that have the piece delete it when they see that word and not before: to them, a commit that has not come looks the same as one
// that never will.

import type { Delegation, Genesis } from "../cluster/index.ts";
import type { NamespaceId, PackId } from "../codec/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Write } from "../records/index.ts";
import type { Catalog } from "./catalog.ts";
import type { Claim } from "./claim.ts";
import { claimCodec } from "./claim.ts";
import { PoolError } from "./errors.ts";
import { abortedCodec, isCondemned } from "./fate.ts";
import { activeMembers } from "./holders.ts";
import { abortedKey, claimKey, condemnedKey, packKey } from "./keys.ts";
import { labelCodec } from "./label.ts";
import { rootOfPatiently } from "./leaves.ts";
import type { Piece } from "./offer.ts";
import { encodeBody, packIdOf, signPack } from "./pack-record.ts";
import { nameOf } from "./parts.ts";
import type { PlaceParts, Placement } from "./place.ts";
import { place } from "./place.ts";
import type { Copies, PackContent, Redundancy, StoredPack } from "./port.ts";
import { MAX_PACK_BYTES, SEGMENT_BYTES } from "./port.ts";
import { checkRedundancy } from "./redundancy.ts";

/** A pack for all hosts is sent to so many; the rest fetch it from them, which spreads the load over all. */
const SENT_FOR_ALL = 8;
/** Records in one batch of a removal. */
const BATCH = 256;

interface Draft {
  readonly piece: Piece;
  readonly record: Uint8Array;
}

export class Writer {
  readonly #with: PlaceParts;
  readonly #catalog: Catalog;

  constructor(placing: PlaceParts, catalog: Catalog) {
    this.#with = placing;
    this.#catalog = catalog;
  }

  async store(namespace: NamespaceId, content: PackContent, redundancy: Redundancy, signal: AbortSignal): Promise<StoredPack> {
    signal.throwIfAborted();
    const { parts } = this.#with;
    const asked = checkRedundancy(redundancy);
    if (asked.kind === "code") throw new PoolError("NEWER_CODE", "This program cannot write coded packs.");
    const draft = await this.#draft(namespace, content, asked.copies);
    const wanted = asked.copies === "all" ? SENT_FOR_ALL : asked.copies;
    const placement = await place(this.#with, draft.piece, wanted, [], signal);
    try {
      signal.throwIfAborted();
      if (placement.claims.length === 0) throw this.#noSpace(content, placement);
      await this.#commit(draft, placement.claims);
    } catch (error) {
      if (placement.touched) await this.#giveUp(namespace, draft.piece.pack);
      throw error;
    }
    return { pack: draft.piece.pack, sizeBytes: content.bytes.length, holders: placement.claims.map(({ host }) => host), wanted: asked.copies === "all" ? activeMembers(parts).length : asked.copies };
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

  async #draft(namespace: NamespaceId, content: PackContent, copies: Copies): Promise<Draft> {
    const { env, parts } = this.#with;
    const { genesis, delegation } = this.#owner(namespace);
    const { bytes, blobs } = content;
    if (bytes.length > MAX_PACK_BYTES) throw new PoolError("BAD_PACK", `A pack has at most ${MAX_PACK_BYTES} bytes, this one ${bytes.length}. Split it.`);
    const root = await rootOfPatiently(env, bytes);
    const body = readableBody(() => encodeBody({ k: 1, m: 0, copies, sizeBytes: bytes.length, pieceBytes: bytes.length, roots: [root], blobs, nonce: env.random.bytes(16) }));
    const record = signPack(namespace, body, delegation, parts.hostKey);
    const label = labelCodec.encode({ genesis, record });
    return { record, piece: { namespace, pack: packIdOf(body), index: 0, sizeBytes: bytes.length, root, label, bytes: () => chunksOf(bytes) } };
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

  async #commit({ piece, record }: Draft, claims: readonly Claim[]): Promise<void> {
    const { namespace, pack } = piece;
    // Not given the signal: a commit that was begun is either made or refused, never abandoned with its outcome unknown.
    await this.#with.parts.records.write([{ namespace, key: packKey(pack), value: record }, ...claims.map((claim) => claimWrite(namespace, claim))]);
  }

  async #giveUp(namespace: NamespaceId, pack: PackId): Promise<void> {
    const { env, parts } = this.#with;
    try {
      await parts.records.write([{ namespace, key: abortedKey(pack), value: abortedCodec.encode({ sinceMs: env.clock.wallMs() }) }]);
    } catch (error) {
      env.log.warn("an unfinished pack could not be given up; its holders keep their pieces", { namespace, pack, error });
    }
  }

  #noSpace({ bytes }: PackContent, { refusals }: Placement): PoolError {
    const { parts } = this.#with;
    const away = [...parts.roster().members.keys()].filter((host) => host !== parts.self && parts.presence(host) !== "online").map((host) => nameOf(parts.roster(), host));
    const reasons = [...refusals, ...(away.length > 0 ? [`not connected: ${away.join(", ")}`] : [])];
    return new PoolError("NO_SPACE", `No host takes the pack of ${bytes.length} bytes (${reasons.length === 0 ? "this host knows of no member yet" : reasons.join("; ")}). Free some space, raise a host's capacity, or add a host.`);
  }
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
