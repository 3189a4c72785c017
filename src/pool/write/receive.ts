import type { HostId, PackId } from "../../codec/index.ts";
import type { BulkStream } from "../../net/index.ts";
import type { Env } from "../../platform/index.ts";
import { codeOf, withDeadline } from "../../platform/index.ts";
import { claimCodec } from "../record/claim.ts";
import { PoolError } from "../errors.ts";
import { mayGo } from "../record/fate.ts";
import type { CheckedLabel } from "../record/label.ts";
import { MAX_LABEL_BYTES, readLabel } from "../record/label.ts";
import { hostsInReach } from "../record/holders.ts";
import { packKey } from "../record/keys.ts";
import { HAS, PUT, RELEASE, REMAINS, RESERVE, emptyCodec, hasAnswerCodec, hasCodec, pieceNameCodec, reserveAnswerCodec, reserveCodec } from "../messages.ts";
import type { Offers } from "./offer.ts";
import { LABEL_MS } from "./offer.ts";
import type { PoolParts } from "../parts.ts";
import { eachWithin } from "../patience.ts";
import type { Promised } from "./reservations.ts";
import { Reservations } from "./reservations.ts";
import type { Allowance } from "../upkeep/allowance.ts";
import type { Going } from "../upkeep/going.ts";

const STALL_MS = 15_000;
/** A sender gives up after 270 s; this host a little later, so that the sender names the reason. */
const RECEIVE_MS = 300_000;

/** The holder's side of a write: promises space, takes pieces in, answers with claims. */
export class Receiver {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #offers: Offers;
  readonly #reservations: Reservations;
  readonly #allowance: Allowance;
  readonly #going: Going;

  constructor(env: Env, parts: PoolParts, offers: Offers, { allowance, going }: { readonly allowance: Allowance; readonly going: Going }) {
    this.#env = env;
    this.#parts = parts;
    this.#offers = offers;
    this.#going = going;
    this.#allowance = allowance;
    this.#reservations = new Reservations(env, parts.store, (pack, index) => allowance.released({ pack, index }));
    parts.transport.handle(RESERVE, (from, body) => this.#reserve(from, body));
    parts.transport.handle(RELEASE, async (from, body) => this.#release(from, body));
    parts.transport.handle(HAS, async (from, body) => this.#which(from, body, (pack, index) => parts.store.held(pack, index) !== undefined && !this.#going.has(pack, index)));
    // Asked apart: who lets go of a piece relies on others having the whole of it.
    parts.transport.handle(REMAINS, async (from, body) => this.#which(from, body, (pack, index) => parts.store.remains(pack, index) !== undefined));
    parts.transport.handleBulk(PUT, (from, header, stream, signal) => this.#put(from, header, stream, signal));
  }

  close(): void {
    this.#reservations.releaseAll();
  }

  #admit(from: HostId): void {
    if (!this.#parts.roster().members.has(from)) throw new PoolError("REFUSED", "Only members of the network keep pieces here.");
  }

  async #reserve(from: HostId, body: Uint8Array): Promise<Uint8Array> {
    this.#admit(from);
    const asked = reserveCodec.decode(body);
    const { store } = this.#parts;
    const held = store.held(asked.pack, asked.index);
    if (held !== undefined && held.sizeBytes === asked.sizeBytes && !this.#going.has(asked.pack, asked.index)) {
      return reserveAnswerCodec.encode({ kind: "held", value: { claim: claimCodec.encode(this.#offers.ownClaim(asked)) } });
    }
    const denial = await this.#allowance.denial(from, asked);
    if (denial !== undefined) return reserveAnswerCodec.encode(denial);
    try {
      const kept = await this.#reservations.keep(from, asked.namespace, asked.pack, asked.index, asked.sizeBytes);
      if (!kept) return reserveAnswerCodec.encode({ kind: "busy", value: {} });
      this.#allowance.promised(from, asked);
      return reserveAnswerCodec.encode({ kind: "reserved", value: { availableBytes: await this.#available() } });
    } catch (error) {
      if (codeOf(error) !== "STORE_FULL") throw error;
      return reserveAnswerCodec.encode({ kind: "full", value: { availableBytes: await this.#available() } });
    }
  }

  async #available(): Promise<number> {
    return Math.max(0, Math.floor(await this.#parts.store.availableBytes()));
  }

  #release(from: HostId, body: Uint8Array): Uint8Array {
    const { pack, index } = pieceNameCodec.decode(body);
    this.#reservations.release(from, pack, index);
    return emptyCodec.encode({});
  }

  #which(from: HostId, body: Uint8Array, isHere: (pack: PackId, index: number) => boolean): Uint8Array {
    this.#admit(from);
    const { pack, pieces } = hasCodec.decode(body);
    return hasAnswerCodec.encode({ indexes: Array.from({ length: pieces }, (_, index) => index).filter((index) => isHere(pack, index)) });
  }

  async #put(from: HostId, header: Uint8Array, stream: BulkStream, signal: AbortSignal): Promise<void> {
    this.#admit(from);
    const { pack, index } = pieceNameCodec.decode(header);
    const promised = this.#reservations.take(from, pack, index);
    if (promised === undefined) throw new PoolError("REFUSED", "No space was promised for this piece, or the promise has run out. Ask again.");
    try {
      const claim = await withDeadline(this.#env, RECEIVE_MS, "Receiving a piece", signal, (within) => this.#takeIn(pieceNameCodec.decode(header), promised, stream, within));
      await withDeadline(this.#env, STALL_MS, "Sending a claim", signal, () => stream.send(claim));
    } catch (error) {
      if (this.#parts.store.held(pack, index) === undefined) this.#allowance.released({ pack, index });
      throw error;
    } finally {
      promised.reservation.release();
    }
  }

  async #takeIn(name: { readonly pack: string; readonly index: number }, promised: Promised, stream: BulkStream, signal: AbortSignal): Promise<Uint8Array> {
    const frames = eachWithin(this.#env, { stallMs: STALL_MS, firstMs: LABEL_MS }, "Receiving a piece", stream.frames(), signal);
    try {
      const first = await frames.next();
      if (first.done === true || first.value.length > MAX_LABEL_BYTES) throw new PoolError("REFUSED", "A piece begins with its label.");
      const label = this.#checkLabel(first.value, name, promised);
      const piece = { pack: label.pack, index: name.index, sizeBytes: label.body.pieceBytes, root: label.body.roots[name.index]! };
      const content = bounded(frames, piece.sizeBytes);
      await this.#parts.store.put(piece, first.value, content, promised.reservation, signal);
      // A store that has got the piece from somebody else meanwhile does not look at these bytes; their sender must get rid of them all the same.
      while ((await content.next()).done !== true);
      // A piece that was here already may be on its way out, or gone by now.
      if (this.#going.has(piece.pack, piece.index) || this.#parts.store.held(piece.pack, piece.index) === undefined) throw new PoolError("HOST_BUSY", "This host is letting the piece go just now. Ask another one, or again later.");
      return claimCodec.encode(this.#offers.ownClaim({ ...piece, namespace: label.namespace }));
    } finally {
      await frames.return(undefined);
    }
  }

  #checkLabel(bytes: Uint8Array, { pack, index }: { readonly pack: string; readonly index: number }, promised: Promised): CheckedLabel {
    const label = readLabel(bytes, this.#parts.roster().network);
    if (label.pack !== pack) throw new PoolError("REFUSED", "The label is of another pack than the one that space was promised for.");
    if (label.namespace !== promised.namespace) throw new PoolError("REFUSED", "The pack is of another namespace than the one that space was promised for.");
    if (!this.#isSomebodys(label)) throw new PoolError("REFUSED", "The pack's owner is nobody that is known here. Ask again once they have been let in.");
    if (index >= label.body.roots.length) throw new PoolError("REFUSED", "The pack has no piece of this number.");
    if (label.body.pieceBytes !== promised.sizeBytes) throw new PoolError("REFUSED", "The piece has another size than the one that space was promised for.");
    if (this.#wouldBringTogether(label, index)) throw new PoolError("REFUSED", "Another piece of this pack is here, and one host has one piece of a pack as long as enough hosts are in reach.");
    if (mayGo(this.#parts.records, label.namespace, label.pack)) throw new PoolError("REFUSED", "The pack has been deleted or given up by its owner.");
    return label;
  }

  /** What was promised for a namespace that was not known here counts for whoever asked until it is claimed, and then for the namespace's owner, who must be there. */
  #isSomebodys({ genesis: { owner }, namespace, pack }: CheckedLabel): boolean {
    const { records, roster } = this.#parts;
    return (owner !== null && roster().people.has(owner)) || records.local(namespace, packKey(pack)) !== undefined;
  }

  /** That no host can put a blob together yields to that no blob is lost: where fewer than k + 1 hosts are in reach, one takes several pieces. */
  #wouldBringTogether({ pack, body }: CheckedLabel, index: number): boolean {
    if (body.k === 1) return false;
    const others = body.roots.filter((_, at) => at !== index && this.#parts.store.held(pack, at) !== undefined);
    return others.length > 0 && hostsInReach(this.#parts).length > body.k;
  }
}

/** Passes on at most as much as was promised, so that a sender that never ends is cut off before the disk sees it. */
async function* bounded(frames: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let left = sizeBytes;
  for await (const frame of frames) {
    left -= frame.length;
    if (left < 0) throw new PoolError("REFUSED", "The piece is longer than its record says.");
    yield frame;
  }
}
