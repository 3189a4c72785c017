import type { HostId } from "../codec/index.ts";
import { codec, list, struct, text, uint } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { Presence } from "./port.ts";

/** What hosts tell each other every few seconds. */
export interface Beat {
  readonly freeBytes: number;
  readonly usedBytes: number;
  readonly addresses: readonly string[];
  /** Where its own web gateway listens on its own machine; 0 when it has none. */
  readonly httpPort: number;
  readonly processId: number;
}

const beatCodec = codec<Beat>("A heartbeat", 1, 8192, struct({ freeBytes: uint(), usedBytes: uint(), addresses: list(text(256), 16), httpPort: uint(65_535), processId: uint() }));

const BEAT = "cluster/beat";
const BEAT_EVERY_MS = 3_000;
const BEAT_TIMEOUT_MS = 3_000;

export interface LivenessParts {
  readonly transport: Transport;
  readonly members: () => readonly HostId[];
  /** Whether the voters have declared it gone. */
  readonly isGone: (host: HostId) => boolean;
  readonly beat: () => Promise<Beat>;
}

interface Heard {
  readonly beat: Beat;
  readonly wallMs: number;
  readonly latencyMs: number | undefined;
}

/** Who is there: by connections, and by heartbeats over them that also carry each host's free space. */
export class Liveness {
  readonly #env: Env;
  readonly #parts: LivenessParts;
  readonly #heard = new Map<HostId, Heard>();
  /** When each was last asked, on the monotonic clock. */
  readonly #asked = new Map<HostId, number>();
  readonly worker: Worker;

  constructor(env: Env, parts: LivenessParts) {
    this.#env = env;
    this.#parts = parts;
    parts.transport.handle(BEAT, async (from, body) => {
      this.#note(from, beatCodec.decode(body), undefined);
      return beatCodec.encode(await parts.beat());
    });
    this.worker = new Worker(env, { name: "heartbeat", everyMs: BEAT_EVERY_MS, work: (turn) => this.#round(turn) });
    parts.transport.onPeer(({ peer }) => {
      this.#asked.delete(peer);
      this.worker.nudge();
    });
  }

  presence(host: HostId): Presence {
    if (host === this.#parts.transport.self || this.#parts.transport.connected().includes(host)) return "online";
    return this.#parts.isGone(host) ? "gone" : "away";
  }

  /** The host's last heartbeat, if one came since this host started. */
  lastBeat(host: HostId): Beat | undefined {
    return this.#heard.get(host)?.beat;
  }

  /** When the host was last heard of, by this machine's wall clock. */
  lastSeenMs(host: HostId): number | undefined {
    return this.#heard.get(host)?.wallMs;
  }

  /** The round trip of the last heartbeat. */
  latencyMs(host: HostId): number | undefined {
    return this.#heard.get(host)?.latencyMs;
  }

  async #round({ signal, report }: WorkerTurn): Promise<void> {
    const members = new Set(this.#parts.members());
    const peers = this.#parts.transport.connected().filter((peer) => members.has(peer));
    report(`hears ${peers.length} hosts`);
    // A host that comes is asked at once, and it alone: when a hundred start together, each would else ask all at each coming.
    const due = peers.filter((peer) => (this.#asked.get(peer) ?? -Infinity) <= this.#env.clock.monotonicMs() - BEAT_EVERY_MS / 2);
    if (due.length === 0) return;
    const body = beatCodec.encode(await this.#parts.beat());
    await Promise.all(due.map((peer) => this.#exchange(peer, body, signal)));
  }

  async #exchange(peer: HostId, body: Uint8Array, signal: AbortSignal): Promise<void> {
    const startedMs = this.#env.clock.monotonicMs();
    this.#asked.set(peer, startedMs);
    try {
      const answer = await this.#parts.transport.request(peer, BEAT, body, { timeoutMs: BEAT_TIMEOUT_MS, signal });
      this.#note(peer, beatCodec.decode(answer), this.#env.clock.monotonicMs() - startedMs);
    } catch (error) {
      this.#env.log.debug("a heartbeat was not answered", { peer, error });
    }
  }

  #note(host: HostId, beat: Beat, latencyMs: number | undefined): void {
    this.#heard.set(host, { beat, wallMs: this.#env.clock.wallMs(), latencyMs: latencyMs ?? this.#heard.get(host)?.latencyMs });
  }
}
