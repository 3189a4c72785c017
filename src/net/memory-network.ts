import type { HostId } from "../codec/index.ts";
import { copyOfBytes, idFromBytes, shortId } from "../codec/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import type { Env, Timer } from "../platform/index.ts";
import { withDeadline } from "../platform/index.ts";
import { NetError, failureOf, remoteError, unreachable } from "./errors.ts";
import { LIVENESS } from "./keepalive.ts";
import type { PathQuality } from "./memory-paths.ts";
import { Paths } from "./memory-paths.ts";
import { Session } from "./memory-session.ts";
import type { MemoryHostOptions } from "./memory-transport.ts";
import { MemoryTransport } from "./memory-transport.ts";
import type { AskAsInvite, InviteAnswer, InviteRequest } from "./port.ts";
import { REDEEM } from "./port.ts";

/** After this time without a way through, both ends of a session notice; as long as real channels take at most. */
const DEAD_MS = LIVENESS.pingEveryMs * (LIVENESS.missesMax + 1);
const DIAL_MS = 5_000;

/**
 * Transports for many hosts inside one process, on the timers and randomness of an Env, so that a simulator decides how time passes
 * and what goes wrong: `paths` cuts, delays and loses. Requests overtake each other; streams keep their order.
 */
export class MemoryNetwork {
  readonly paths: Paths;
  readonly #env: Env;
  readonly #hosts = new Map<HostId, MemoryTransport>();
  readonly #addresses = new Map<HostId, string>();
  readonly #byAddress = new Map<string, HostId>();
  readonly #sessions = new Map<Session, Timer | undefined>();

  constructor(env: Env, quality: Partial<PathQuality> = {}) {
    this.#env = env;
    this.paths = new Paths(env, { delayMs: 0, jitterMs: 0, lossFraction: 0, duplicateFraction: 0, ...quality }, () => this.#watchSessions());
  }

  /** A host of this network. One that has closed may be made again, under the same address. */
  transport(options: MemoryHostOptions): MemoryTransport {
    const { self } = options;
    if (this.#hosts.has(self)) throw new Error(`There is already a host ${shortId(self)}`);
    const transport = new MemoryTransport(this.#env, options, {
      address: this.addressOf(self),
      dial: (from, peer, addresses, signal) => withDeadline(this.#env, DIAL_MS, `Connecting to host ${shortId(peer)}`, signal, (limited) => this.#dial(from, peer, addresses, limited)),
      addressOf: (peer) => this.#addresses.get(peer),
      roundTripMs: (peer) => this.paths.roundTripMs(self, peer),
      onSessionEnded: (session) => this.#sweep(session),
      onClose: () => this.#hosts.delete(self),
    });
    this.#hosts.set(self, transport);
    return transport;
  }

  /** The address of a host, which it keeps for ever. Looks like a real one, since others check its form. */
  addressOf(host: HostId): string {
    const known = this.#addresses.get(host);
    if (known !== undefined) return known;
    const number = this.#addresses.size + 1;
    const address = `/ip4/10.${number >> 16}.${(number >> 8) & 255}.${number & 255}/tcp/4281`;
    this.#addresses.set(host, address);
    this.#byAddress.set(address, host);
    return address;
  }

  /** The host is gone without a word; its transport must not be used any more. Others notice in their own time. */
  crash(host: HostId): void {
    this.paths.darken(host);
    const transport = this.#hosts.get(host);
    this.#hosts.delete(host);
    for (const session of this.#sessions.keys()) if (session.hosts.includes(host)) session.endAt(host, new NetError("CLOSED", "This host has crashed."));
    void transport?.close().catch(() => {});
  }

  /** The host may be made again with `transport`. */
  revive(host: HostId): void {
    this.paths.brighten(host);
  }

  /** As the real one, for hosts of this network. */
  readonly askAsInvite: AskAsInvite = (env, request) => withDeadline(env, request.timeoutMs, "Redeeming the invite", request.signal, (signal) => this.#askAsInvite(request, signal));

  async #askAsInvite({ seed, entrances, body }: InviteRequest, signal: AbortSignal): Promise<InviteAnswer> {
    const invite = idFromBytes<HostId>(keyPairFromSeed(seed).publicKey);
    const found = entrances.map(({ host, addresses }) => this.#at(addresses, host)).find((each) => each !== undefined && each.standing(invite) === "invite" && this.paths.passes(each.self, each.self));
    if (found === undefined) throw new NetError("UNREACHABLE", "None of the hosts named in the invite let it in. Is one of them running and reachable from here?");
    await this.#env.timers.sleep(this.paths.delayMs(found.self, found.self), signal);
    try {
      return { from: found.self, body: await found.serve(invite, REDEEM, copyOfBytes(body), signal) };
    } catch (error) {
      throw remoteError(found.self, failureOf(error));
    }
  }

  async #dial(from: MemoryTransport, peer: HostId, addresses: readonly string[], signal: AbortSignal): Promise<Session> {
    const other = this.#at(addresses, undefined);
    await this.#travel(from.self, peer, signal);
    // Of a process that has ended meanwhile nothing arrives, also when its host has been started anew.
    if (this.#hosts.get(from.self) !== from) throw new NetError("CLOSED", "This host has crashed.");
    if (other === undefined || other.self !== peer || this.#hosts.get(peer) !== other) throw unreachable(peer, "nobody with its key answers at these addresses. Is it running, and is its address right?");
    if (other.standing(from.self) !== "member") throw unreachable(peer, "it closed the connection instead of greeting. It may not know this host as a member.");
    const session = new Session(this.#env, this.paths, from, other);
    this.#sessions.set(session, undefined);
    other.begin(session);
    await this.#travel(peer, from.self, signal);
    return session;
  }

  // A way that is cut answers nothing: the dial waits until its deadline.
  async #travel(from: HostId, to: HostId, signal: AbortSignal): Promise<void> {
    await this.#env.timers.sleep(this.paths.delayMs(from, to), signal);
    while (!this.paths.passes(from, to)) await this.#env.timers.sleep(1_000, signal);
  }

  #at(addresses: readonly string[], host: HostId | undefined): MemoryTransport | undefined {
    const there = addresses.map((address) => this.#hosts.get(this.#byAddress.get(address)!));
    return there.find((found) => found !== undefined && (host === undefined || host === found.self));
  }

  /** Starts the clock of every session that has just lost a way; it dies unless that way is back in time. */
  #watchSessions(): void {
    for (const [session, timer] of this.#sessions) {
      if (timer === undefined && this.#isBroken(session)) this.#sessions.set(session, this.#env.timers.after(DEAD_MS, () => this.#judge(session)));
    }
  }

  #sweep(session: Session): void {
    if (session.hosts.some((host) => !session.isOver(host))) return;
    this.#sessions.get(session)?.cancel();
    this.#sessions.delete(session);
  }

  #judge(session: Session): void {
    if (!this.#sessions.has(session)) return;
    this.#sessions.set(session, undefined);
    if (!this.#isBroken(session)) return;
    this.#sessions.delete(session);
    session.die();
  }

  #isBroken(session: Session): boolean {
    const [a, b] = session.hosts as [HostId, HostId];
    return !this.paths.passes(a, b) || !this.paths.passes(b, a);
  }
}
