import { APPLY, ClusterError, NONCE_BYTES, admittanceCodec, applicationCodec, checkDigits, checkHostName, commitmentTo, introductionCodec, nonceCodec } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { equalBytes } from "../codec/index.ts";
import type { ApplicantRow, Applicants as ApplicantsPort } from "../door/index.ts";
import type { AnswerCall, LocalCall, Sponsor } from "../net/index.ts";
import { NetError, hostAndPort, parseAddress } from "../net/index.ts";
import type { Env, Timer } from "../platform/index.ts";
import { TokenBucket, messageOf } from "../platform/index.ts";
import { Attempts } from "./attempts.ts";

/** Machines that announced themselves and were gone to, at once. */
const CALLS_MAX = 16;
/** One machine can have many keys, but takes no more than its share of the places. */
const CALLS_PER_ADDRESS = 4;
/** Announcements are anybody's word: so many of them lead somewhere, and each key at most once in the time. */
const VISITS = { perSecond: 0.5, burst: 16 };
const VISITED_FOR_MS = 30_000;
const VISITED_MAX = 256;
const APPLICATIONS_AT_ONCE = 8;
const APPLICATIONS_PER_ADDRESS = 2;
const ANSWER_MS = 10_000;
/** How long a person may take, in milliseconds. */
const PERSON_MS = 10 * 60_000;

export interface ApplicantsParts {
  readonly names: { readonly host: string; readonly network: string };
  readonly open: () => Promise<Sponsor>;
  /** Whether this host acts for a person who may invite. */
  readonly mayInvite: () => boolean;
  /** Makes the invite of one who is let in. @returns its code */
  readonly invite: () => Promise<string>;
}

/** What a machine has bound itself to and not shown yet, and this host's number against it. */
interface Committed {
  readonly host: string;
  readonly commitment: Uint8Array;
  readonly nonce: Uint8Array;
}

interface Application {
  readonly row: ApplicantRow;
  /** They stay here: whoever lets it in reads them from its screen. */
  readonly digits: string;
  readonly answer: PromiseWithResolvers<Uint8Array>;
  readonly expiry: Timer;
  /** Aborted when the machine asks no longer. */
  readonly signal: AbortSignal;
}

/** At a host of a network: the machines nearby on which a host is being set up, to which it goes, and those that ask it to be let in. */
export class Applicants implements ApplicantsPort {
  readonly #env: Env;
  readonly #parts: ApplicantsParts;
  readonly #closing = new AbortController();
  readonly #calls = new Map<HostId, LocalCall>();
  readonly #visited = new Set<HostId>();
  readonly #visits: TokenBucket;
  readonly #attempts: Attempts;
  readonly #committed = new Map<HostId, Committed>();
  readonly #applications = new Map<HostId, Application>();
  #sponsor: Promise<Sponsor> | undefined;

  constructor(env: Env, parts: ApplicantsParts) {
    this.#env = env;
    this.#parts = parts;
    this.#visits = new TokenBucket(env.clock, VISITS);
    this.#attempts = new Attempts(env.clock);
  }

  /** Looks for machines from now on. */
  async start(): Promise<void> {
    await this.#open();
  }

  async stop(): Promise<void> {
    this.#closing.abort(new NetError("CLOSED", "This host is shutting down."));
    await (await this.#sponsor)?.close();
  }

  /** A machine has announced itself. */
  readonly found = (peer: HostId, addresses: readonly string[]): void => {
    if (!this.#parts.mayInvite() || this.#calls.has(peer) || this.#visited.has(peer)) return;
    if (this.#calls.size >= CALLS_MAX || this.#visited.size >= VISITED_MAX || this.#visits.level < 1) return;
    this.#visits.take(1);
    this.#visited.add(peer);
    this.#env.timers.after(VISITED_FOR_MS, () => this.#visited.delete(peer));
    void this.#visit(peer, addresses).catch((error: unknown) => this.#env.log.debug("a machine that announced itself cannot be gone to", { reason: messageOf(error) }));
  };

  readonly answer: AnswerCall = async (call, kind, body, signal) => {
    this.#checkMayInvite();
    switch (kind) {
      case APPLY.ask:
        return this.#commit(call, body);
      case APPLY.open:
        return this.#await(call, body, signal);
      default:
        throw new NetError("PROTOCOL", "Nothing else can be asked here than to be let in.");
    }
  };

  list(): readonly ApplicantRow[] {
    return [...this.#applications.values()].map(({ row }) => row);
  }

  async visit(typed: string): Promise<void> {
    this.#checkMayInvite();
    await this.#visit(undefined, [parseAddress(typed)]);
  }

  async admit(id: HostId, digits: string): Promise<ApplicantRow> {
    this.#checkMayInvite();
    // Rows move while a person looks at another screen: whoever is meant is told by what was read there. A slip costs nothing.
    const asking = this.#applications.get(id);
    if (asking !== undefined && asking.digits !== digits) throw new ClusterError("WRONG_DIGITS", "This machine's screen does not show these digits. Look there again; if it does show them, another machine stands between the two: do not let it in, and send an invite's code instead.");
    const application = this.#take(id);
    const code = await this.#parts.invite().catch((error: unknown) => {
      application.answer.reject(new ClusterError("APPLICATION_REFUSED", "The network cannot take another host now."));
      throw error;
    });
    if (application.signal.aborted) throw noApplication();
    application.answer.resolve(admittanceCodec.encode({ code }));
    this.#env.log.info("a machine nearby was sent an invite", { name: application.row.host });
    return application.row;
  }

  refuse(id: HostId): ApplicantRow {
    const { row, answer } = this.#take(id);
    answer.reject(new ClusterError("APPLICATION_REFUSED", "The person at that host did not let this machine in."));
    return row;
  }

  #open(): Promise<Sponsor> {
    this.#sponsor ??= this.#parts.open();
    return this.#sponsor;
  }

  #checkMayInvite(): void {
    if (!this.#parts.mayInvite()) throw new ClusterError("NO_ACCOUNT", 'This host acts for nobody who may invite. Give it your recovery phrase with "holdfast key import".');
  }

  async #visit(peer: HostId | undefined, addresses: readonly string[]): Promise<void> {
    const sponsor = await this.#open();
    const call = await sponsor.call(peer, addresses, this.#closing.signal);
    // Found and typed: it knows this host already.
    if (this.#calls.has(call.peer)) return call.end();
    // What a person typed is meant; what announced itself is anybody's word, and where it leads is only known now.
    const isFound = peer !== undefined;
    if (isFound && [...this.#calls.values()].filter((each) => hostOf(each) === hostOf(call)).length >= CALLS_PER_ADDRESS) return call.end();
    this.#calls.set(call.peer, call);
    call.ended.addEventListener("abort", () => this.#forget(call));
    if (call.ended.aborted) this.#forget(call);
    try {
      await call.ask(APPLY.introduce, introductionCodec.encode(this.#parts.names), { timeoutMs: ANSWER_MS, signal: this.#closing.signal });
    } catch (error) {
      call.end();
      throw error;
    }
  }

  #forget(call: LocalCall): void {
    if (this.#calls.get(call.peer) !== call) return;
    this.#calls.delete(call.peer);
    this.#committed.delete(call.peer);
  }

  #commit(call: LocalCall, body: Uint8Array): Uint8Array {
    const { host, commitment } = applicationCodec.decode(body);
    checkHostName(host);
    if (!this.#attempts.take(hostOf(call))) throw new NetError("BUSY", "This host was asked too often. Try again in an hour, or join with an invite's code.");
    const nonce = this.#env.random.bytes(NONCE_BYTES);
    this.#committed.set(call.peer, { host, commitment, nonce });
    return nonceCodec.encode({ nonce });
  }

  async #await(call: LocalCall, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const committed = this.#committed.get(call.peer);
    this.#committed.delete(call.peer);
    const { nonce } = nonceCodec.decode(body);
    const ends = { applicant: call.peer, sponsor: call.self };
    if (committed === undefined || !equalBytes(commitmentTo(nonce, ends), committed.commitment)) throw new NetError("PROTOCOL", "The number is not the one that was committed to.");
    const fromThere = this.list().filter(({ address }) => address === hostOf(call)).length;
    if (this.#applications.size >= APPLICATIONS_AT_ONCE || fromThere >= APPLICATIONS_PER_ADDRESS || this.#applications.has(call.peer)) throw new NetError("BUSY", "Too many machines wait for an answer of this host.");
    const answer = Promise.withResolvers<Uint8Array>();
    const askedMs = this.#env.clock.wallMs();
    const application = {
      row: { id: call.peer, host: committed.host, address: hostOf(call), askedMs, expiresMs: askedMs + PERSON_MS },
      digits: checkDigits(ends, { applicant: nonce, sponsor: committed.nonce }),
      answer,
      signal,
      expiry: this.#env.timers.after(PERSON_MS, () => answer.reject(new ClusterError("APPLICATION_EXPIRED", "Nobody answered within ten minutes. Ask again."))),
    };
    const givenUp = (): void => answer.reject(signal.reason);
    signal.addEventListener("abort", givenUp);
    this.#applications.set(call.peer, application);
    try {
      signal.throwIfAborted();
      return await answer.promise;
    } finally {
      signal.removeEventListener("abort", givenUp);
      application.expiry.cancel();
      if (this.#applications.get(call.peer) === application) this.#applications.delete(call.peer);
    }
  }

  /** Answered once. */
  #take(id: HostId): Application {
    const application = this.#applications.get(id);
    if (application === undefined) throw noApplication();
    this.#applications.delete(id);
    application.expiry.cancel();
    return application;
  }
}

function hostOf({ address }: LocalCall): string {
  return hostAndPort(address).host;
}

function noApplication(): ClusterError {
  return new ClusterError("NO_APPLICATION", 'That machine does not ask any more: it has given up, or was answered. "holdfast nearby list" lists those that do.');
}
