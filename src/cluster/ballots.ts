import type { HostId } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { codec, id, list, nullable, struct, uint, utf8 } from "../codec/index.ts";
import { Limiter } from "../platform/index.ts";
import { ownEntry } from "../store/index.ts";
import type { RecordLog } from "../store/index.ts";
import { MAX_VOTERS } from "./entries.ts";

/** A configuration of voters that a voter has approved: proposed under a term. */
export interface Approved {
  readonly number: number;
  readonly term: number;
  readonly hosts: readonly HostId[];
}

/** What a voter has given its word for, and must not forget: whoever forgets votes twice. */
export interface Ballot {
  /** The highest term that it has taken part in. */
  readonly term: number;
  /** For whom it voted in that term; null: for nobody so far. */
  readonly vote: HostId | null;
  /** What it approved last. */
  readonly approved: Approved | null;
  /** The number of the voters under whom all this was learnt from others, since a disk had lost it; null when this host knows it of itself. */
  readonly learntAt: number | null;
}

export const approvedShape = struct({ number: uint(), term: uint(), hosts: list(id<HostId>(), MAX_VOTERS) }) as Shape<Approved>;

const former = codec<Omit<Ballot, "learntAt">>("A ballot", 1, 1024, struct({ term: uint(), vote: nullable(id<HostId>()), approved: nullable(approvedShape) }));
const current = codec<Ballot>("A ballot", 2, 1024, struct({ term: uint(), vote: nullable(id<HostId>()), approved: nullable(approvedShape), learntAt: nullable(uint()) }));

/** Version 2; version 1, which did not say where it had been learnt, is still read. */
export const ballotCodec: Pick<Codec<Ballot>, "encode" | "decode"> = {
  encode: (ballot) => current.encode(ballot),
  decode: (bytes) => (bytes[0] === 1 ? { ...former.decode(bytes), learntAt: null } : current.decode(bytes)),
};

// Table `e` of the record log is this room's: no key of another table is written from here.
const BALLOT = utf8("eballot");

/** This host's ballot on its disk. */
export class Ballots {
  readonly #log: RecordLog;
  /** One change after the other: two candidates who ask at the same moment must not both find the vote free. */
  readonly #turns = new Limiter(1);

  #ballot: Ballot | undefined;

  constructor(log: RecordLog) {
    this.#log = log;
    this.#ballot = ownEntry(log, BALLOT, ballotCodec);
  }

  /** As it is on the disk. Undefined where there is none: the host is new, or its disk is, or has damaged it. */
  get ballot(): Ballot | undefined {
    return this.#ballot;
  }

  /**
   * Resolves once the ballot that `decide` gives is on the disk, with that ballot; nothing may be said of it before. When it gives the same or
   * undefined, nothing changes. What `decide` throws goes to the caller.
   * @throws StoreError when the disk does not take it
   */
  change(decide: (ballot: Ballot | undefined) => Ballot | undefined): Promise<Ballot | undefined> {
    return this.#turns.run(async () => {
      const former = this.#ballot;
      const next = decide(former);
      if (next === undefined || next === former) return former;
      await this.#log.commit([{ kind: "put", key: BALLOT, value: ballotCodec.encode(next) }]);
      this.#ballot = next;
      return next;
    });
  }
}
