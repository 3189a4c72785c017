import type { HostId } from "../codec/index.ts";
import { copyOfBytes } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter, PlatformError } from "../platform/index.ts";
import { REQUESTS_AT_ONCE } from "./asker.ts";
import type { Failure } from "./errors.ts";
import { NetError, failureOf, remoteError, unreachable } from "./errors.ts";
import { KindTurns } from "./kind-turns.ts";
import type { Carry } from "./memory-wire.ts";
import { MemoryWire } from "./memory-wire.ts";
import type { Paths } from "./memory-paths.ts";
import { MAX_MESSAGE } from "./port.ts";

/** What a session needs of the host at either end. */
export interface SessionHost {
  readonly self: HostId;
  serve(from: HostId, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  acceptBulk(from: HostId, wire: MemoryWire): void;
  /** This end is over; called once. */
  sessionEnded(session: Session): void;
}

interface End {
  readonly host: SessionHost;
  readonly over: AbortController;
  readonly places: Limiter;
  readonly turns: KindTurns;
  readonly wires: Set<MemoryWire>;
}

/** The connection between two hosts of a MemoryNetwork. Each end learns for itself that it is over. */
export class Session {
  readonly #env: Env;
  readonly #paths: Paths;
  readonly #ends: ReadonlyMap<HostId, End>;
  readonly dialled: HostId;

  constructor(env: Env, paths: Paths, dialler: SessionHost, other: SessionHost) {
    this.#env = env;
    this.#paths = paths;
    this.dialled = dialler.self;
    this.#ends = new Map([dialler, other].map((host) => [host.self, { host, over: new AbortController(), places: new Limiter(REQUESTS_AT_ONCE), turns: new KindTurns(), wires: new Set<MemoryWire>() }]));
  }

  get hosts(): readonly HostId[] {
    return [...this.#ends.keys()];
  }

  other(self: HostId): HostId {
    return this.hosts.find((host) => host !== self)!;
  }

  isOver(at: HostId): boolean {
    return this.#end(at).over.signal.aborted;
  }

  /** Ends it here, and there as soon as word gets through. */
  endAt(self: HostId, reason: Error): void {
    if (this.isOver(self)) return;
    const other = this.other(self);
    this.#paths.carry(self, other, this.#paths.delayMs(self, other), () => !this.isOver(other), () => this.#finish(other, unreachable(self, "it ended the connection.")));
    this.#finish(self, reason);
  }

  /** Both ends have noticed for themselves. */
  die(): void {
    for (const host of this.hosts) this.#finish(host, unreachable(this.other(host), "nothing came from it for too long."));
  }

  /** @throws NetError UNREACHABLE, REMOTE, TOO_LARGE; the signal's reason */
  async ask(self: HostId, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (body.length > MAX_MESSAGE) throw new NetError("TOO_LARGE", `A request "${kind}" has ${body.length} bytes, more than the ${MAX_MESSAGE} allowed. Send large content as bulk.`);
    const { over, places } = this.#end(self);
    const either = new Either([signal, over.signal]);
    return places.run(() => this.#exchange(self, kind, copyOfBytes(body), either.signal), either.signal).finally(() => either.leave());
  }

  /** Begins a bulk stream; the other host is told after the path's delay. */
  openWire(self: HostId): MemoryWire {
    const other = this.other(self);
    const there = this.#inOrder(self, other);
    const [here, far] = MemoryWire.pair(there, this.#inOrder(other, self), { nowMs: () => this.#env.clock.monotonicMs(), onEnd: (wire) => this.#forget(wire) });
    this.#end(self).wires.add(here);
    there(() => {
      this.#end(other).wires.add(far);
      this.#end(other).host.acceptBulk(self, far);
    });
    return here;
  }

  #exchange(self: HostId, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const other = this.other(self);
    const { host, over, turns } = this.#end(other);
    const handling = new AbortController();
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#send(self, other, () => handling.abort(new PlatformError("CANCELLED", "The asking host does not want the answer any more.")));
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", cancel, { once: true });
      const settle = (step: () => void): void => {
        signal.removeEventListener("abort", cancel);
        step();
      };
      const ask = (): void => {
        const stop = new Either([handling.signal, over.signal]);
        const outcome = answerOf(kind, () => turns.run(kind, stop.signal, () => host.serve(self, kind, body, stop.signal))).finally(() => stop.leave());
        void outcome.then((answer) => this.#send(other, self, () => settle(() => (answer instanceof Uint8Array ? resolve(answer) : reject(remoteError(other, answer))))));
      };
      this.#send(self, other, ask);
      if (this.#paths.isDuplicated(self, other)) this.#send(self, other, ask);
    });
  }

  #send(from: HostId, to: HostId, step: () => void): void {
    if (this.#paths.isLost(from, to)) return;
    const arrive = (): boolean => this.#paths.passes(from, to) || this.#paths.missed();
    if (!arrive()) return;
    this.#env.timers.after(this.#paths.delayMs(from, to), () => {
      if (!this.isOver(to) && arrive()) step();
    });
  }

  // A stream's bytes do not overtake each other, however the delay varies.
  #inOrder(from: HostId, to: HostId): Carry {
    const now = (): number => this.#env.clock.monotonicMs();
    const waiting: { readonly dueMs: number; readonly step: () => void }[] = [];
    const pump = (): void => {
      const first = waiting[0];
      if (first === undefined) return;
      this.#paths.carry(from, to, Math.max(0, first.dueMs - now()), () => !this.isOver(to), () => {
        do waiting.shift()!.step();
        while (waiting[0] !== undefined && waiting[0].dueMs <= now());
        pump();
      });
    };
    return (step) => {
      waiting.push({ dueMs: now() + this.#paths.delayMs(from, to), step });
      if (waiting.length === 1) pump();
    };
  }

  #finish(at: HostId, reason: Error): void {
    const { host, over, wires } = this.#end(at);
    if (over.signal.aborted) return;
    over.abort(reason);
    for (const wire of wires) wire.end(reason);
    host.sessionEnded(this);
  }

  #forget(wire: MemoryWire): void {
    for (const { wires } of this.#ends.values()) wires.delete(wire);
  }

  #end(host: HostId): End {
    return this.#ends.get(host)!;
  }
}

/** As AbortSignal.any does, for one piece of work: left when that is over, it costs the signals nothing more. */
class Either {
  readonly #controller = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #abort: () => void;

  constructor(signals: readonly AbortSignal[]) {
    this.#signals = signals;
    this.#abort = (): void => this.#controller.abort(signals.find(({ aborted }) => aborted)?.reason);
    if (signals.some(({ aborted }) => aborted)) this.#abort();
    else for (const signal of signals) signal.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  leave(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#abort);
  }
}

async function answerOf(kind: string, serve: () => Promise<Uint8Array>): Promise<Uint8Array | Failure> {
  try {
    const answer = await serve();
    if (answer.length > MAX_MESSAGE) throw new NetError("TOO_LARGE", `The answer to "${kind}" has ${answer.length} bytes, more than the ${MAX_MESSAGE} allowed.`);
    return copyOfBytes(answer);
  } catch (error) {
    return failureOf(error);
  }
}
