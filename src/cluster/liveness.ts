import type { HostId, NetworkId } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { Beat, SignedBeat } from "./beats.ts";
import { BEATS_MAX, beatsCodec, isGenuineBeat, isWorthTelling, signBeat } from "./beats.ts";
import { fingersOf } from "./fingers.ts";
import type { Presence } from "./port.ts";

// Who is there, is known by connections: the transport notices within seconds when one is dead. What a host says of itself besides is told
// only when it changes. Two hosts that meet tell each other; after that, each host passes what it has not passed on yet to about log2 n
// others at each turn, and nothing when there is nothing new. It is signed, so that nobody tells tales about others.

const BEAT = "cluster/beat";
const TURN_MS = 5_000;
const TIMEOUT_MS = 3_000;

export interface LivenessParts {
  readonly network: NetworkId;
  readonly key: KeyPair;
  readonly transport: Transport;
  readonly members: () => readonly HostId[];
  /** Whether the voters have declared it gone. */
  readonly isGone: (host: HostId) => boolean;
  readonly beat: () => Promise<Beat>;
}

interface Known {
  readonly said: SignedBeat;
  /** Counts what was heard here: whoever was told everything up to a number lacks what has a greater one. */
  readonly order: number;
}

export class Liveness {
  readonly #env: Env;
  readonly #parts: LivenessParts;
  readonly #known = new Map<HostId, Known>();
  /** When hosts that are away were last there, by the wall clock. */
  readonly #left = new Map<HostId, number>();
  /** Who has answered since it came. */
  readonly #met = new Set<HostId>();
  /** Up to which order each finger was told. */
  readonly #told = new Map<HostId, number>();
  #heard = 0;
  readonly worker: Worker;

  constructor(env: Env, parts: LivenessParts) {
    this.#env = env;
    this.#parts = parts;
    parts.transport.handle(BEAT, async (from, body) => {
      this.#listen(from, beatsCodec.decode(body));
      await this.#speak();
      return beatsCodec.encode(this.#greeting(from));
    });
    this.worker = new Worker(env, { name: "heartbeat", everyMs: TURN_MS, work: (turn) => this.#round(turn) });
    parts.transport.onPeer(({ kind, peer }) => {
      this.#met.delete(peer);
      this.#told.delete(peer);
      if (kind === "up") this.worker.nudge();
      else this.#left.set(peer, env.clock.wallMs());
    });
  }

  presence(host: HostId): Presence {
    if (this.#isThere(host)) return "online";
    return this.#parts.isGone(host) ? "gone" : "away";
  }

  /** What the host has said of itself last, if it was heard since this host started. */
  lastBeat(host: HostId): Beat | undefined {
    return this.#known.get(host)?.said.beat;
  }

  /** When the host was last there, by this machine's wall clock. */
  lastSeenMs(host: HostId): number | undefined {
    return this.#isThere(host) ? this.#env.clock.wallMs() : this.#left.get(host);
  }

  #isThere(host: HostId): boolean {
    return host === this.#parts.transport.self || this.#parts.transport.connected().includes(host);
  }

  async #round({ signal, report }: WorkerTurn): Promise<void> {
    const { members, transport } = this.#parts;
    const all = new Set(members());
    const peers = transport.connected().filter((peer) => all.has(peer));
    report(`hosts heard: ${peers.length}`);
    for (const host of this.#known.keys()) if (!all.has(host) && !this.#isThere(host)) this.#known.delete(host);
    await this.#speak();
    const fingers = new Set(fingersOf(transport.self, peers));
    for (const peer of this.#told.keys()) if (!fingers.has(peer)) this.#told.delete(peer);
    await Promise.all(peers.map((peer) => this.#visit(peer, fingers.has(peer), signal)));
  }

  async #visit(peer: HostId, isFinger: boolean, signal: AbortSignal): Promise<void> {
    if (isFinger) {
      for (let due = this.#due(peer); due.length > 0; due = this.#due(peer)) {
        if (!(await this.#tell(peer, due.map(({ said }) => said), signal))) return;
        this.#told.set(peer, due.at(-1)!.order);
      }
    }
    // One of two who meet is enough.
    if (!this.#met.has(peer) && this.#parts.transport.self < peer) await this.#tell(peer, this.#greeting(peer), signal);
  }

  /** What is new to a finger, oldest first. */
  #due(peer: HostId): readonly Known[] {
    const told = this.#told.get(peer) ?? 0;
    return [...this.#known.values()].filter(({ order }) => order > told).sort((a, b) => a.order - b.order).slice(0, BEATS_MAX);
  }

  /** This host's own word, and what it knows of the other: who has lost its clock must hear up to where it has counted. */
  #greeting(peer: HostId): SignedBeat[] {
    return [this.#parts.transport.self, peer].flatMap((host) => this.#known.get(host)?.said ?? []);
  }

  /** @returns whether it was heard */
  async #tell(peer: HostId, beats: readonly SignedBeat[], signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#parts.transport.request(peer, BEAT, beatsCodec.encode([...beats]), { timeoutMs: TIMEOUT_MS, signal });
      this.#met.add(peer);
      this.#listen(peer, beatsCodec.decode(answer));
      return true;
    } catch (error) {
      this.#env.log.debug("a heartbeat was not answered", { peer, error });
      return false;
    }
  }

  #listen(from: HostId, beats: readonly SignedBeat[]): void {
    const members = new Set(this.#parts.members());
    for (const said of beats) {
      const known = this.#known.get(said.host)?.said;
      const isNew = known === undefined || said.number > known.number;
      // Nobody's word is kept who is neither a member nor there.
      if (isNew && (members.has(said.host) || said.host === from) && isGenuineBeat(this.#parts.network, said)) this.#keep(said);
    }
  }

  #keep(said: SignedBeat): void {
    this.#heard += 1;
    this.#known.set(said.host, { said, order: this.#heard });
  }

  /** Has this host say how things are with it, if that is news. */
  async #speak(): Promise<void> {
    const { key, network, transport, beat: now } = this.#parts;
    const beat = await now();
    const last = this.#known.get(transport.self)?.said;
    if (last !== undefined && !isWorthTelling(beat, last.beat)) return;
    const number = Math.max(this.#env.clock.wallMs(), (last?.number ?? 0) + 1);
    this.#keep(signBeat(key, network, { host: transport.self, number, beat }));
  }
}
