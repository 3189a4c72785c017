import type { Account } from "../../../src/account/index.ts";
import { newAccount } from "../../../src/account/index.ts";
import { foundNetwork, proveAdmission, readCertificate, readInviteCode, redeemAnswerCodec, writeRedeemRequest } from "../../../src/cluster/index.ts";
import type { InviteCode, Network, RedeemAnswer } from "../../../src/cluster/index.ts";
import type { HostId } from "../../../src/codec/index.ts";
import { idFromBytes } from "../../../src/codec/index.ts";
import { keyPairFromSeed, newSeed } from "../../../src/crypto/index.ts";
import { MemoryNetwork, NetError } from "../../../src/net/index.ts";
import type { PathQuality } from "../../../src/net/index.ts";
import { resetSeeds } from "../stand-ins/signature.ts";
import { SimHost } from "./host.ts";
import type { Ground } from "./host.ts";
import { HostEnv, WallClock } from "./host-env.ts";
import { SeededRandom } from "./random.ts";
import { settle } from "./settled.ts";
import { VirtualTime } from "./time.ts";
import { Trace } from "./trace.ts";
import type { CallPoint } from "./watched.ts";

const INVITE_MS = 10 * 365 * 24 * 3_600_000;
const REDEEM_MS = 20_000;
const REDEEM_AGAIN_MS = 2_000;
/** Refusals that do not change when asked again. */
const FINAL = new Set(["BAD_INVITE", "INVITE_EXPIRED", "INVITE_USED", "INVITE_UNKNOWN", "NETWORK_FULL", "HOST_NAME_TAKEN"]);
const MAX_HOSTS = 1_000;
/** Walks through rows take all at once, a few, or one. By the seed itself: what is drawn from it stays the same. */
const STEP_BYTES = [Infinity, 4_000, 1];

export interface WorldOptions {
  readonly seed: number;
  readonly quality: PathQuality;
  readonly readAlong?: (line: string) => void;
}

/** All machines, the network between them, and the time in which everything happens. */
export class World {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly wire: MemoryNetwork;
  readonly hosts: SimHost[] = [];
  readonly badStarts: { readonly host: SimHost; readonly why: string }[] = [];
  network!: Network;
  mayEnd: (host: SimHost, point: CallPoint) => boolean = () => false;
  readonly #ground: Ground;
  readonly #founder: Account;
  #named = 0;

  constructor({ seed, quality, readAlong }: WorldOptions) {
    resetSeeds();
    this.random = new SeededRandom(seed);
    this.trace = new Trace(() => this.time.nowMs, readAlong);
    this.wire = new MemoryNetwork(new HostEnv({ time: this.time, wall: new WallClock(), random: this.random.fork(), say: (level, event) => this.trace.add(`wire ${level} ${event}`) }), quality);
    this.#ground = {
      time: this.time,
      trace: this.trace,
      wire: this.wire,
      stepBytes: STEP_BYTES[seed % STEP_BYTES.length]!,
      mayEnd: (host, point) => this.mayEnd(host, point),
      onBadStart: (host, why) => this.badStarts.push({ host, why }),
    };
    this.#founder = newAccount();
  }

  /**
   * The network's first host founds it, admits all others, and only then are those started.
   * @param isSettled whether they start as hosts that have known each other for a while
   */
  async found(count: number, isSettled = false): Promise<void> {
    const certificate = foundNetwork(this.#founder.signingKey, { name: "simulated", maxHosts: MAX_HOSTS, createdMs: 1 }, this.random);
    this.network = readCertificate(certificate)!;
    const founder = this.#add(this.#newName(), this.#founder, newSeed(), { certificate, entrances: [] });
    founder.start();
    await this.time.run(this.time.nowMs + 60_000, () => founder.circle?.cluster.register.members.has(founder.id) === true);
    for (let at = 1; at < count; at += 1) await this.time.settle("a host's joining", this.join(founder));
    if (isSettled) await this.#settle(founder);
    for (const host of this.hosts) host.start();
  }

  async #settle(founder: SimHost): Promise<void> {
    const { cluster, records } = founder.circle!;
    await this.time.settle("the founder's count of its rows", records.check());
    await this.time.settle("the founder's stopping", founder.stop());
    const env = new HostEnv({ time: this.time, wall: new WallClock(), random: this.random.fork(), say: () => {} });
    await settle({ env, network: this.network, cluster, hosts: this.hosts, addressOf: (host) => this.wire.addressOf(host) });
    founder.start();
    await this.time.run(this.time.nowMs + 1_000, () => founder.circle !== undefined);
  }

  /** Invites a host and has it redeem the invite; it is not started yet. */
  async join(inviter: SimHost): Promise<SimHost> {
    const { code: typed } = await inviter.circle!.membership.invite({ expiresInMs: INVITE_MS });
    const code = readInviteCode(typed);
    const seed = newSeed();
    const key = keyPairFromSeed(seed);
    const host = idFromBytes<HostId>(key.publicKey);
    const name = this.#newName();
    const person = this.random.chance(0.5) ? this.#founder : newAccount();
    const proof = proveAdmission(keyPairFromSeed(code.seed), code.network, host, person.id);
    const body = writeRedeemRequest(key, { host, account: person.id, name, zone: "", capacityBytes: 2 ** 30, proof });
    return this.#add(name, person, seed, redeemAnswerCodec.decode(await this.#redeem(code, body)));
  }

  /** Asks until somebody answers: whoever got no answer may have been admitted. @throws NetError REMOTE, the refusal */
  async #redeem({ seed, entrances }: InviteCode, body: Uint8Array): Promise<Uint8Array> {
    const env = new HostEnv({ time: this.time, wall: new WallClock(), random: this.random.fork(), say: () => {} });
    for (;;) {
      try {
        return (await this.wire.askAsInvite(env, { seed, entrances, body, timeoutMs: REDEEM_MS })).body;
      } catch (error) {
        if (error instanceof NetError && error.remoteCode !== undefined && FINAL.has(error.remoteCode)) throw error;
        await env.timers.sleep(REDEEM_AGAIN_MS);
      }
    }
  }

  /** Hosts that run and can be asked. */
  running(): SimHost[] {
    return this.hosts.filter(({ circle, isPaused }) => circle !== undefined && !isPaused);
  }

  /** Hosts that are of the network, up or down. */
  members(): SimHost[] {
    return this.hosts.filter(({ isRemoved }) => !isRemoved);
  }

  hostOf(id: HostId): SimHost | undefined {
    return this.hosts.find((host) => host.id === id);
  }

  #add(name: string, person: Account, seed: Uint8Array, answer: RedeemAnswer): SimHost {
    const host = new SimHost(this.#ground, this.random.fork(), { name, seed, person, answer });
    this.hosts.push(host);
    return host;
  }

  #newName(): string {
    this.#named += 1;
    return `h${this.#named}`;
  }
}
