import type { AccountId, HostId } from "../../codec/index.ts";
import { idFromBytes, utf8 } from "../../codec/index.ts";
import type { KeyPair } from "../../crypto/index.ts";
import { keyPairFromSeed, sha256 } from "../../crypto/index.ts";
import type { MemoryTransport, PathQuality } from "../../net/index.ts";
import { MemoryNetwork } from "../../net/index.ts";
import { MemoryDisk, MemoryLog } from "../../store/index.ts";
import type { NetworkEntry } from "../index.ts";
import { Absences, Appointment, Ballots, Cluster, Departures, Election, admissionCodec, departureCodec, foundNetwork, hostCardCodec, readCertificate, votersCodec } from "../index.ts";
import type { VoterConfiguration } from "../index.ts";
import { VirtualTime, seededRandom } from "./virtual-time.ts";

// For tests only: hosts that elect a coordinator among themselves, on virtual time and the twins of wire and disk. Each has a register of its
// own, which the test fills, so that two may disagree.

const founder = keyPairFromSeed(sha256(utf8("founder")));
const founderId = idFromBytes<AccountId>(founder.publicKey);
export const network = readCertificate(foundNetwork(founder, { name: "friends", maxHosts: 20, createdMs: 1 }, seededRandom(1)))!;

const keys = Array.from({ length: 9 }, (_, at) => keyPairFromSeed(sha256(utf8(`host ${at}`)))).map((key) => ({ key, host: idFromBytes<HostId>(key.publicKey) }));

function entriesOf(hosts: readonly HostId[]): NetworkEntry[] {
  const admission = { account: founderId, zone: "", capacityBytes: 1, joinedMs: 1, invite: null, proof: new Uint8Array(64), consent: new Uint8Array(64) };
  const members = hosts.map((host, at) => ({ key: `member/${host}`, values: [admissionCodec.encode({ ...admission, name: `host${at}` })] }));
  const cards = hosts.map((host) => ({ key: `host/${host}`, values: [hostCardCodec.encode({ addresses: [], capacityBytes: 1, version: "1", returns: 0 })] }));
  return [...members, ...cards];
}

/** One host: its disk stays when it crashes, everything else is made anew. */
export class Elector {
  readonly host: HostId;
  readonly key: KeyPair;
  readonly disk: MemoryDisk;
  readonly #all: Electorate;
  /** What it knows, by key. */
  readonly entries = new Map<string, NetworkEntry>();
  cluster!: Cluster;
  transport!: MemoryTransport;
  ballots!: Ballots;
  election!: Election;
  appointment!: Appointment;
  departures!: Departures;
  isUp = false;
  /** Its disk is not the first. */
  isReplaced = false;

  constructor(all: Electorate, at: number) {
    this.#all = all;
    this.host = keys[at]!.host;
    this.key = keys[at]!.key;
    this.disk = new MemoryDisk(all.time.env.random);
  }

  start(): void {
    const { env } = this.#all.time;
    this.#all.wire.revive(this.host);
    this.transport = this.#all.wire.transport({ self: this.host, admission: () => "member" });
    this.cluster = new Cluster({ self: this.host, network, connected: () => this.transport.connected(), coordinator: () => this.election.coordinator, rules: {}, networkRules: {} });
    this.ballots = new Ballots(new MemoryLog(env, this.disk));
    this.election = new Election(env, { cluster: this.cluster, transport: this.transport, ballots: this.ballots, isFounder: this.host === keys[0]!.host && !this.isReplaced });
    this.appointment = new Appointment(env, { network: network.id, key: this.key, cluster: this.cluster, transport: this.transport, ballots: this.ballots, election: this.election, publish: (next) => this.#all.publish(this, next) });
    this.departures = new Departures(env, { network: network.id, key: this.key, cluster: this.cluster, transport: this.transport, absences: new Absences(env, new MemoryLog(env, this.disk)), publish: (host, departure) => this.#all.tell(this, { key: `gone/${host}`, values: [departureCodec.encode(departure)] }) });
    this.cluster.update(this.entries.values());
    this.election.onChange(() => this.#all.note(this));
    this.isUp = true;
    this.election.start();
  }

  learn(entries: Iterable<NetworkEntry>): void {
    for (const entry of entries) this.entries.set(entry.key, entry);
    if (this.isUp) this.cluster.update(this.entries.values());
  }

  /** The process ends without a word. @param keptCommits of those that the disk had not synced */
  crash(keptCommits = 0): void {
    this.isUp = false;
    this.election.stop();
    void this.appointment.worker.stop();
    void this.departures.worker.stop();
    this.#all.wire.crash(this.host);
    this.disk.crash(keptCommits);
  }

  /** Its disk is lost; what it learns anew it has from one other. */
  lose(teller: Elector): void {
    this.crash();
    this.disk.wipe();
    this.isReplaced = true;
    this.entries.clear();
    this.learn(teller.entries.values());
    this.start();
  }

  get leads(): number | undefined {
    return this.isUp ? this.election.term : undefined;
  }
}

export class Electorate {
  readonly time: VirtualTime;
  readonly wire: MemoryNetwork;
  readonly hosts: readonly Elector[];
  /** Who has coordinated each term. */
  readonly terms = new Map<number, Set<HostId>>();
  /** Configurations that were written, by number, those that agree counted once. */
  readonly written = new Map<number, Set<string>>();
  /** Who else learns of a configuration at once. */
  reaches: (from: Elector, to: Elector) => boolean = () => true;
  #isOver = false;

  /** @param voters so many of the hosts vote from the beginning */
  constructor(settled: () => Promise<unknown>, seed: number, count: number, { voters = count, quality = { delayMs: 5, jitterMs: 20 } }: { readonly voters?: number; readonly quality?: Partial<PathQuality> } = {}) {
    this.time = new VirtualTime(seed, settled);
    this.wire = new MemoryNetwork(this.time.env, quality);
    this.hosts = Array.from({ length: count }, (_, at) => new Elector(this, at));
    const ids = this.hosts.map(({ host }) => host);
    const entries = entriesOf(ids);
    for (const elector of this.hosts) {
      elector.learn(entries);
      for (let number = 1; number <= voters; number += 1) elector.learn([entryOf({ number, term: 0, hosts: ids.slice(0, number), approvals: [] })]);
    }
    for (const elector of this.hosts) elector.start();
    void this.#connect();
  }

  get up(): readonly Elector[] {
    return this.hosts.filter(({ isUp }) => isUp);
  }

  /** The one that coordinates and is taken for it by all, when every voter has a ballot: these begin with empty disks, as only new voters do. */
  leader(among: readonly Elector[] = this.up): Elector | undefined {
    const leading = among.filter(({ leads }) => leads !== undefined);
    const [first] = leading;
    const isKnown = among.every(({ election, ballots, cluster }) => election.coordinator?.host === first?.host && (ballots.ballot !== undefined || !cluster.register.voters.includes(cluster.self)));
    return leading.length === 1 && isKnown ? first : undefined;
  }

  note(elector: Elector): void {
    const term = elector.leads;
    if (term !== undefined) this.terms.set(term, (this.terms.get(term) ?? new Set()).add(elector.host));
  }

  publish(from: Elector, next: VoterConfiguration): Promise<void> {
    this.written.set(next.number, (this.written.get(next.number) ?? new Set()).add(next.hosts.join()));
    return this.tell(from, entryOf(next));
  }

  tell(from: Elector, entry: NetworkEntry): Promise<void> {
    for (const elector of this.hosts) if (elector === from || this.reaches(from, elector)) elector.learn([entry]);
    return Promise.resolve();
  }

  cut(...groups: readonly (readonly Elector[])[]): void {
    this.wire.paths.partition(groups.map((group) => group.map(({ host }) => host)));
  }

  end(): void {
    this.#isOver = true;
    for (const elector of this.up) elector.crash();
  }

  /** Terms that two hosts have coordinated. */
  doubled(): readonly number[] {
    return [...this.terms].filter(([, hosts]) => hosts.size > 1).map(([term]) => term);
  }

  async #connect(): Promise<void> {
    for (; !this.#isOver; await this.time.env.timers.sleep(200)) {
      for (const from of this.up) for (const to of this.up) if (from.host < to.host) void from.transport.connect(to.host, to.transport.addresses()).catch(() => {});
    }
  }
}

export function entryOf(configuration: VoterConfiguration): NetworkEntry {
  return { key: `voters/${configuration.number}`, values: [votersCodec.encode(configuration)] };
}
