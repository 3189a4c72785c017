import type { HostId, NamespaceId } from "../codec/index.ts";
import { boolean, bytesOfId, codec, concatBytes, id, list, struct, uint, utf8 } from "../codec/index.ts";
import type { Codec, Shape } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { FloorRecord } from "./marks.ts";
import { FLOOR_PREFIX, SETS_MAX, floorCodec, floorKeyOf } from "./marks.ts";
import { contextOf } from "./merge.ts";
import type { Context } from "./port.ts";
import type { Rows } from "./rows.ts";
import { metaKey } from "./tables.ts";

// The floor: up to which round deletions may have been collected. What must hold is that nothing that was deleted comes back, and that
// nothing acknowledged is lost. docs/decisions/deletion.md tells it at length; deletions.ts raises it.

/** What a host says of itself with everything that it offers or asks for. */
export interface Standing {
  /** The last round that its store has done: it has nothing that a deletion collected by that round superseded. */
  readonly done: number;
  /** Among which hosts it has done that round; each a name of a set of hosts and their layout. */
  readonly sets: readonly number[];
  /** The floor that it knows, and among which hosts that was reached. */
  readonly floor: number;
  readonly set: number;
}

export const standingShape: Shape<Standing> = struct({ done: uint(), sets: list(uint(), SETS_MAX) as Shape<readonly number[]>, floor: uint(), set: uint() });

/** As long as no round was done. */
export const UNRAISED: Standing = { done: 0, sets: [], floor: 0, set: 0 };

/** Hosts among which a round is done. */
export interface RoundSet {
  readonly name: number;
  readonly hosts: readonly HostId[];
}

/** What a host remembers of rounds, on its disk. */
export interface FloorState {
  readonly floor: number;
  readonly set: number;
  /** Who took part in reaching the floor, if this host did; deletions that name others are kept. */
  readonly hosts: readonly HostId[];
  /** This store's last number before the round of the floor began here; 0 if this host did not take part. */
  readonly mark: number;
  /** When the floor was raised, by this host's clock. Decoration. */
  readonly raisedMs: number;
  readonly begun: number;
  /** This store's last number before it began that round. */
  readonly begunMark: number;
  readonly done: number;
  readonly sets: readonly RoundSet[];
  /** It was away too long, or its disk was set back: what it has is to be compared with the others first. */
  readonly isNewcomer: boolean;
  /** The last floor that this store has reached: the same as `floor`, but for a newcomer. */
  readonly reached: number;
}

const HOSTS_MAX = 10_000;
const hostsShape = list(id<HostId>(), HOSTS_MAX) as Shape<readonly HostId[]>;

const formerFields = {
  floor: uint(),
  set: uint(),
  hosts: hostsShape,
  mark: uint(),
  raisedMs: uint(),
  begun: uint(),
  begunMark: uint(),
  done: uint(),
  sets: list(struct({ name: uint(), hosts: hostsShape }), SETS_MAX) as Shape<readonly RoundSet[]>,
  isNewcomer: boolean,
};
const NAME = "What this host knows of the floor";
const MAX_BYTES = 2 * 1024 * 1024;
const former = codec<Omit<FloorState, "reached">>(NAME, 1, MAX_BYTES, struct(formerFields));
const current = codec<FloorState>(NAME, 2, MAX_BYTES, struct({ ...formerFields, reached: uint() }));

/** Version 2; version 1, which did not say what a newcomer had reached, is still read: a host that has done a round has reached the floor before it. */
export const floorStateCodec: Pick<Codec<FloorState>, "encode" | "decode"> = {
  encode: (state) => current.encode(state),
  decode: (bytes) => {
    if (bytes[0] !== 1) return current.decode(bytes);
    const state = former.decode(bytes);
    return { ...state, reached: state.isNewcomer ? Math.max(0, state.done - 1) : state.floor };
  },
};

const NOTHING: FloorState = { floor: 0, set: 0, hosts: [], mark: 0, raisedMs: 0, begun: 0, begunMark: 0, done: 0, sets: [], isNewcomer: false, reached: 0 };

/** Names a set of hosts and their layout: 53 bits of a hash, never 0. */
export function setName(hosts: readonly HostId[], layout: string): number {
  const digest = sha256(concatBytes(utf8("holdfast round"), ...[...hosts].sort().map(bytesOfId), utf8(layout)));
  return Number(new DataView(digest.buffer, digest.byteOffset).getBigUint64(0) >> 11n) || 1;
}

/** Whether whoever stands so has done what a floor stands for. */
export function reaches({ done, sets }: Pick<Standing, "done" | "sets">, floor: number, set: number): boolean {
  return floor === 0 || done > floor || (done === floor && sets.includes(set));
}

/** The lesser of two standings: of what was put together from both. */
export function lesser(a: Standing, b: Standing): Standing {
  if (a.done !== b.done) return a.done < b.done ? a : b;
  return { ...a, sets: a.sets.filter((set) => b.sets.includes(set)) };
}

export class Floor {
  readonly #self: HostId;
  readonly #network: NamespaceId;
  readonly #rows: Rows;
  #state: FloorState;
  readonly #heard = new Map<HostId, Standing>();
  /** What each host has published, as far as it was asked for since it changed. */
  readonly #published = new Map<HostId, readonly FloorRecord[]>();
  /** The least that each has said, when that was asked for since it changed. */
  #records: ReadonlyMap<HostId, FloorRecord> | undefined;

  constructor(self: HostId, network: NamespaceId, rows: Rows) {
    this.#self = self;
    this.#network = network;
    this.#rows = rows;
    const stored = rows.get(metaKey("floor"));
    this.#state = stored === undefined ? NOTHING : floorStateCodec.decode(stored);
  }

  get state(): FloorState {
    return this.#state;
  }

  /** The floors beyond its own that other hosts have spoken of, the highest first. */
  get heard(): readonly { readonly floor: number; readonly set: number }[] {
    const higher = [...this.#heard.values()].filter(({ floor }) => floor > this.#state.floor);
    return higher.sort((a, b) => b.floor - a.floor).map(({ floor, set }) => ({ floor, set }));
  }

  get standing(): Standing {
    const { done, sets, floor, set } = this.#state;
    return { done, sets: sets.map(({ name }) => name), floor, set };
  }

  /** This host has done a round that is not the floor yet. */
  get isBetween(): boolean {
    return this.#state.done > this.#state.floor;
  }

  /** Whether records are to be believed that come from whoever stands so: it may have something otherwise that was deleted and collected here. */
  admits(from: Standing): boolean {
    return reaches(from, this.#state.floor, this.#state.set);
  }

  /**
   * Whether batches that the host offers are to be believed when they are its own. What a host that took no part in the floor has written and
   * not delivered cannot have been collected, unless its disk was set back since.
   */
  admitsOwn(host: HostId, from: Standing): boolean {
    if (this.admits(from)) return true;
    const { hosts } = this.#state;
    const record = this.record(host);
    return record === undefined || (hosts.length > 0 && !hosts.includes(host) && from.done >= record.done);
  }

  /**
   * Whether records of such a standing may be kept here on behalf of others. Once this host has done a round it says so of its outbox too,
   * and until the floor is raised others may still have in theirs what the round is to bring to its end.
   */
  admitsHints(from: Standing): boolean {
    return !this.isBetween || this.#state.sets.some(({ name }) => reaches(from, this.#state.done, name));
  }

  /** Whether this store, which stands as it does, has done the round of that floor. */
  hasReached(floor: number, set: number): boolean {
    return reaches(this.standing, floor, set);
  }

  /** Whether a host was below this host's floor when it last spoke. */
  isBelow(host: HostId): boolean {
    const standing = this.#heard.get(host);
    return standing !== undefined && !this.admits(standing);
  }

  /**
   * Whether a host has, by what is known here, taken part in no floor that this newcomer has missed. Then what superseded that host's versions names it, and
   * has not been collected. Of a round that this store has done nobody who did it among the same sets only has had a floor without it.
   */
  hasMissedToo(host: HostId): boolean {
    const { done, sets, reached, floor, set } = this.#state;
    const isNoFurther = (record: FloorRecord): boolean => record.done <= reached || (record.done === done && record.sets.every((each) => sets.some(({ name }) => name === each)));
    return this.#said(host).every((record) => isNoFurther(record) || (floor === reached + 1 && !reaches(record, floor, set)));
  }

  hear(from: HostId, standing: Standing): void {
    this.#heard.set(from, standing);
  }

  /** Records of the network's namespace were applied, or went. */
  applied(keys: Iterable<string>): void {
    for (const key of keys) {
      if (!key.startsWith(FLOOR_PREFIX)) continue;
      this.#published.delete(key.slice(FLOOR_PREFIX.length) as HostId);
      this.#records = undefined;
    }
  }

  /** Anything may have changed. */
  forget(): void {
    this.#published.clear();
    this.#records = undefined;
  }

  /** What a host has published: of several things at once, the least. */
  record(host: HostId): FloorRecord | undefined {
    return leastOf(this.#said(host));
  }

  /** The latest that this host has published, whatever its disk knows of it. */
  get published(): FloorRecord | undefined {
    return this.#said(this.#self).toSorted((a, b) => b.done - a.done || b.begun - a.begun)[0];
  }

  /** The last round that this host has begun, in this life or before its disk was lost or set back. */
  get everBegun(): number {
    return Math.max(this.#state.begun, ...this.#said(this.#self).map(({ begun }) => begun));
  }

  /** An earlier life of this host has published what this one had not read when it did. */
  get isOfTwoLives(): boolean {
    return this.#said(this.#self).length > 1;
  }

  /** What this host has published, as read: what it says next supersedes that, and nothing that comes meanwhile. */
  get publishedContext(): Context {
    return contextOf(this.#rows.siblings(this.#network, floorKeyOf(this.#self)));
  }

  /** Everybody who has published. */
  records(): ReadonlyMap<HostId, FloorRecord> {
    this.#records ??= this.#readAll();
    return this.#records;
  }

  #readAll(): ReadonlyMap<HostId, FloorRecord> {
    const all = new Map<HostId, FloorRecord>();
    for (let after: string | undefined, more = true; more; ) {
      const page = this.#rows.page(this.#network, { prefix: FLOOR_PREFIX, ...(after === undefined ? {} : { after }) }, 1000);
      for (const { key } of page.keys) {
        const host = key.slice(FLOOR_PREFIX.length) as HostId;
        const record = this.record(host);
        if (record !== undefined) all.set(host, record);
      }
      after = page.next;
      more = after !== undefined;
    }
    return all;
  }

  save(state: FloorState): LogOperation {
    return { kind: "put", key: metaKey("floor"), value: floorStateCodec.encode(state) };
  }

  /** The state is durable by now. */
  become(state: FloorState): void {
    this.#state = state;
  }

  #said(host: HostId): readonly FloorRecord[] {
    const known = this.#published.get(host) ?? this.#read(host);
    this.#published.set(host, known);
    return known;
  }

  #read(host: HostId): readonly FloorRecord[] {
    return this.#rows.siblings(this.#network, floorKeyOf(host)).flatMap(({ body }) => (body.value === null ? [] : [floorCodec.decode(body.value)]));
  }
}

function leastOf(said: readonly FloorRecord[]): FloorRecord | undefined {
  const [first, ...more] = said;
  if (first === undefined) return undefined;
  const begun = Math.min(...said.map((each) => each.begun));
  const done = Math.min(...said.map((each) => each.done));
  const sets = said.filter((each) => each.done === done).reduce<readonly number[]>((both, each) => both.filter((set) => each.sets.includes(set)), more.find((each) => each.done === done)?.sets ?? first.sets);
  return { begun, done, sets };
}
