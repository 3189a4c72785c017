import type { Account } from "../../account/index.ts";
import { newAccount } from "../../account/index.ts";
import { Appointment, Ballots, Cluster, Election, foundNetwork, proveAdmission, readCertificate, readInviteCode, redeemAnswerCodec, votersCodec, writeRedeemRequest } from "../../cluster/index.ts";
import type { InviteCode, RedeemAnswer } from "../../cluster/index.ts";
import type { HostId, InviteId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import { keyPairFromSeed, newSeed } from "../../crypto/index.ts";
import type { MemoryTransport } from "../../net/index.ts";
import { MemoryNetwork } from "../../net/index.ts";
import { EMPTY_CONTEXT } from "../../records/index.ts";
import { MemoryDisk, MemoryLog } from "../../store/index.ts";
import type { HostIdentity } from "../directory.ts";
import { Membership } from "../membership.ts";
import { Board, BoardRecords, env } from "./board.ts";

// For tests only: hosts of one network that share a board of records in memory, and meet on a wire in memory.

/** One host with all that decides who takes part, and none of the rooms above. */
export class TestMember {
  readonly name: string;
  readonly identity: HostIdentity;
  readonly transport: MemoryTransport;
  readonly cluster: Cluster;
  readonly records: BoardRecords;
  readonly membership: Membership;
  readonly election: Election;
  readonly voters: Appointment;
  /** Default: as soon as this host is in it. */
  isRosterWhole: boolean | undefined;

  constructor(circle: Circle, name: string, identity: HostIdentity, account: Account | undefined) {
    this.name = name;
    this.identity = identity;
    const known: { membership?: Membership } = {};
    const { host, network } = identity;
    this.transport = circle.wire.transport({
      self: host,
      admission: (key) => (known.membership?.isMember(key as HostId) === true ? "member" : known.membership?.isInvite(key as InviteId) === true ? "invite" : "stranger"),
    });
    this.cluster = new Cluster({ self: host, network, connected: () => this.transport.connected(), coordinator: () => this.election.coordinator, rules: {}, networkRules: {} });
    this.records = new BoardRecords(circle.board, { genesis: network.genesis, cluster: this.cluster, host, account: account?.id });
    const settings = { hostName: name, zone: name, capacityBytes: 1000 };
    const parts = { identity, settings, account: account?.id, version: "1", cluster: this.cluster, records: this.records, transport: this.transport, isRosterWhole: () => this.isRosterWhole ?? this.cluster.register.members.has(host) };
    this.membership = new Membership(env, parts);
    known.membership = this.membership;
    this.membership.refresh();
    const ballots = new Ballots(new MemoryLog(env, circle.diskOf(host)));
    this.election = new Election(env, { cluster: this.cluster, transport: this.transport, ballots, isFounder: true });
    this.voters = new Appointment(env, {
      network: network.id,
      key: identity.key,
      cluster: this.cluster,
      transport: this.transport,
      ballots,
      election: this.election,
      publish: (configuration) => this.records.write([{ namespace: network.namespace, key: `voters/${configuration.number}`, value: votersCodec.encode(configuration), context: EMPTY_CONTEXT }], { as: "host" }),
    });
  }

  get id(): HostId {
    return this.identity.host;
  }

  async stop(): Promise<void> {
    this.election.stop();
    await Promise.all([this.voters.worker.stop(), this.membership.card.stop()]);
    await this.transport.close();
  }
}

export class Circle implements AsyncDisposable {
  readonly wire = new MemoryNetwork(env);
  readonly board = new Board();
  readonly person = newAccount();
  readonly members: TestMember[] = [];
  /** A host that is made again finds its disk as it left it. */
  readonly #disks = new Map<HostId, MemoryDisk>();

  /** The founder's host, which has said nothing yet. */
  static async found(maxHosts = 10): Promise<{ readonly circle: Circle; readonly attic: TestMember }> {
    const circle = new Circle();
    const certificate = foundNetwork(circle.person.signingKey, { name: "friends", maxHosts, createdMs: 1 }, env.random);
    return { circle, attic: await circle.add("attic", newSeed(), { certificate, entrances: [] }, circle.person) };
  }

  /** A network whose hosts have all been admitted and are connected with each other. The first is the founder's; each other has a person of its own. */
  static async of(...names: readonly string[]): Promise<Circle> {
    const { circle, attic } = await Circle.found();
    await attic.membership.sayFirstWord();
    for (const name of names.slice(1)) await circle.join(attic, name);
    return circle;
  }

  diskOf(host: HostId): MemoryDisk {
    const disk = this.#disks.get(host) ?? new MemoryDisk(env.random);
    this.#disks.set(host, disk);
    return disk;
  }

  async add(name: string, seed: Uint8Array, answer: RedeemAnswer, account: Account | undefined): Promise<TestMember> {
    const key = keyPairFromSeed(seed);
    const identity = { ...answer, key, host: idFromBytes<HostId>(key.publicKey), network: readCertificate(answer.certificate)! };
    const member = new TestMember(this, name, identity, account);
    this.members.push(member);
    return member;
  }

  /** Invites, redeems, and connects the new host with all that are there. */
  async join(inviter: TestMember, name: string, account: Account = newAccount()): Promise<TestMember> {
    const { code } = await inviter.membership.invite({ expiresInMs: 60_000 });
    const seed = newSeed();
    const member = await this.add(name, seed, await this.redeem(readInviteCode(code), seed, name, account), account);
    for (const other of this.members) if (other !== member) await member.transport.connect(other.id, other.transport.addresses()).catch(() => {});
    return member;
  }

  async redeem(code: InviteCode, seed: Uint8Array, name: string, account: Account): Promise<RedeemAnswer> {
    const key = keyPairFromSeed(seed);
    const host = idFromBytes<HostId>(key.publicKey);
    const proof = proveAdmission(keyPairFromSeed(code.seed), code.network, host, account.id);
    const body = writeRedeemRequest(key, { host, account: account.id, name, zone: "", capacityBytes: 1000, proof });
    const answer = await this.wire.askAsInvite(env, { seed: code.seed, entrances: code.entrances, body, timeoutMs: 5000 });
    return redeemAnswerCodec.decode(answer.body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }
}

