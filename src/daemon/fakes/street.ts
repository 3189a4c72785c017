import { writeInviteCode } from "../../cluster/index.ts";
import type { HostId, NetworkId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import type { AnswerCall, LocalCall } from "../../net/index.ts";
import { NetError } from "../../net/index.ts";
import type { Env, Timer } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { Applicants } from "../applicants.ts";
import { Sponsors } from "../sponsors.ts";
import type { CallPair } from "./calls.ts";
import { connectCalls } from "./calls.ts";

// For tests only: a host and the machines near it, in memory.

export const key = (value: number): HostId => idFromBytes<HostId>(new Uint8Array(32).fill(value));

const nextTurn = (): Promise<void> => machineEnv(silentLog).timers.sleep(0);

/** Of the invite that the host makes. */
export const CODE = writeInviteCode({ network: idFromBytes<NetworkId>(new Uint8Array(32)), networkName: "kin", seed: new Uint8Array(32), expiresMs: 1, entrances: [] });

/** A clock that moves when a test says so, and the timers that it sets off. */
export class Hours {
  nowMs = 1_000_000;
  readonly #timers = new Set<{ readonly atMs: number; readonly action: () => void }>();
  readonly env: Env = {
    ...machineEnv(silentLog),
    clock: { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs },
    timers: { after: (delayMs, action) => this.#after(delayMs, action), sleep: () => Promise.reject(new Error("nothing sleeps here")) },
  };

  #after(delayMs: number, action: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, action };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    for (const timer of this.#timers) {
      if (timer.atMs > this.nowMs) continue;
      this.#timers.delete(timer);
      timer.action();
    }
    await nextTurn();
  }
}

/** A host of a network, machines on which a host is being set up, and the way between them. */
export class Street {
  readonly hours = new Hours();
  mayInvite = true;
  invites = 0;
  dialled: HostId[] = [];
  readonly pairs: CallPair[] = [];
  readonly places = new Map<HostId, { readonly answer: AnswerCall; readonly take: (call: LocalCall) => void; readonly host?: string }>();
  readonly applicants: Applicants = new Applicants(this.hours.env, {
    names: { host: "attic", network: "kin" },
    open: async () => ({ call: async (peer) => this.#connect(peer ?? key(1)), close: async () => {} }),
    mayInvite: () => this.mayInvite,
    invite: async () => {
      this.invites += 1;
      return CODE;
    },
  });

  #connect(peer: HostId): LocalCall {
    this.dialled.push(peer);
    const place = this.places.get(peer);
    if (place === undefined) throw new NetError("UNREACHABLE", "Nobody is there.");
    const pair = connectCalls({ key: peer, answer: place.answer }, { key: key(100), answer: this.applicants.answer }, place.host);
    this.pairs.push(pair);
    place.take(pair.applicant);
    return pair.sponsor;
  }

  /** A machine that says nothing of its own accord, in the hands of the test. @returns its end of the connection */
  async raw(number: number, host = "192.168.1.7"): Promise<LocalCall> {
    this.places.set(key(number), { answer: async () => new Uint8Array(0), take: () => {}, host });
    this.applicants.found(key(number), []);
    await nextTurn();
    return this.pairs.at(-1)!.applicant;
  }

  /** A machine at that address that was found, and asks. */
  async asks(number: number, host: string): Promise<Sponsors> {
    const machine = new Sponsors(this.hours.env);
    this.places.set(key(number), { answer: machine.answer, take: machine.take, host });
    this.applicants.found(key(number), []);
    await nextTurn();
    machine.ask(key(100), `den${number}`);
    await nextTurn();
    return machine;
  }
}
