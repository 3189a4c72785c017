import type { HostId } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Worker, withDeadline } from "../platform/index.ts";

const EVERY_MS = 1_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const DIAL_TIMEOUT_MS = 8_000;
const MAX_ADDRESSES = 16;
/** Anybody on the local network may announce what they like: so many addresses are believed, of so many hosts. */
const MAX_DISCOVERED_ADDRESSES = 4;
const MAX_DISCOVERED_HOSTS = 1_000;

export interface ConnectorParts {
  readonly transport: Transport;
  /** Who should be connected, and where each was last known to listen, best first: asked for those who are not. */
  readonly targets: () => Iterable<{ readonly host: HostId; readonly addresses: () => readonly string[] }>;
}

interface Pause {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/** Keeps a connection to every member: dials those that are missing, ever less often while they do not answer. */
export class Connector {
  readonly #env: Env;
  readonly #parts: ConnectorParts;
  readonly #pauses = new Map<HostId, Pause>();
  readonly #discovered = new Map<HostId, readonly string[]>();
  readonly #dialling = new Set<HostId>();
  readonly worker: Worker;

  constructor(env: Env, parts: ConnectorParts) {
    this.#env = env;
    this.#parts = parts;
    this.worker = new Worker(env, { name: "connect", everyMs: EVERY_MS, work: (turn) => this.#round(turn) });
    parts.transport.onDiscovered((host, addresses) => this.#discover(host, addresses));
    parts.transport.onPeer(({ kind, peer }) => {
      this.#pauses.delete(peer);
      if (kind === "down") this.worker.nudge();
    });
  }

  #discover(host: HostId, addresses: readonly string[]): void {
    this.#discovered.delete(host);
    this.#discovered.set(host, addresses.slice(0, MAX_DISCOVERED_ADDRESSES));
    if (this.#discovered.size > MAX_DISCOVERED_HOSTS) this.#discovered.delete(this.#discovered.keys().next().value!);
    this.#pauses.delete(host);
    this.worker.nudge();
  }

  // A round starts dials and does not wait for them: one address that swallows packets must not delay the others.
  #round({ signal, report }: WorkerTurn): Promise<void> {
    const { transport } = this.#parts;
    const connected = new Set(transport.connected());
    const now = this.#env.clock.monotonicMs();
    let missing = 0;
    for (const { host, addresses } of this.#parts.targets()) {
      if (host === transport.self || connected.has(host)) continue;
      missing += 1;
      const all = [...new Set([...(this.#discovered.get(host) ?? []), ...addresses()])].slice(0, MAX_ADDRESSES);
      if (all.length === 0 || this.#dialling.has(host) || (this.#pauses.get(host)?.untilMs ?? 0) > now) continue;
      void this.#dial(host, all, signal);
    }
    report(missing === 0 ? "connected to every host" : `${missing} hosts are not connected`);
    return Promise.resolve();
  }

  async #dial(host: HostId, addresses: readonly string[], outer: AbortSignal): Promise<void> {
    this.#dialling.add(host);
    try {
      await withDeadline(this.#env, DIAL_TIMEOUT_MS, "Connecting", outer, (signal) => this.#parts.transport.connect(host, addresses, signal));
    } catch (error) {
      this.#env.log.debug("a host could not be reached", { host, error });
      this.#backOff(host);
    } finally {
      this.#dialling.delete(host);
    }
  }

  #backOff(host: HostId): void {
    const lengthMs = Math.min(LONGEST_PAUSE_MS, (this.#pauses.get(host)?.lengthMs ?? FIRST_PAUSE_MS / 2) * 2);
    // Half of the pause is left to chance, so that hosts which lost each other at once do not dial in step.
    const untilMs = this.#env.clock.monotonicMs() + lengthMs * (0.5 + this.#env.random.fraction() / 2);
    this.#pauses.set(host, { untilMs, lengthMs });
  }
}
