import type { Admission, Network, VoterConfiguration } from "../../../src/cluster/index.ts";
import { admissionCodec, approve, attestationCodec, consentTo, departureCodec, drainingCodec, firstConfiguration, foundNetwork, hostCardCodec, inviteCodec, isHonoured, nextVoters, proveAdmission, quotaCodec, readCertificate, removalCodec, settingCodec, signInvite, votersCodec } from "../../../src/cluster/index.ts";
import { attest } from "../../../src/cluster/attestation.ts";
import { signAbsence } from "../../../src/cluster/departure.ts";
import type { AccountId, HostId, InviteId } from "../../../src/codec/index.ts";
import { idFromBytes } from "../../../src/codec/index.ts";
import type { KeyPair } from "../../../src/crypto/index.ts";
import { keyPairFromSeed } from "../../../src/crypto/index.ts";
import { SeededRandom } from "../world/random.ts";
import type { Deed } from "./deeds.ts";
import { CALM, PARTED } from "./deeds.ts";
import { findingsOf } from "./findings.ts";
import type { Mistake, Row } from "./side.ts";
import { Side } from "./side.ts";

// Three sides of one network let hosts in, choose voters, attest, remove, revoke, declare gone, write over what others have written, and hear of each
// other now and then. When all have heard of everything they must have the same rows, and none may be lost of a host that nobody shut out. The
// program's own rules, merge and exclusions decide; who does what, and who hears of what first, follows from the seed.
//
// What is not promised is not played; docs/LIMITS.md says what becomes of it. Hosts remove and revoke only those with a greater id than their own, so that no
// two do so to each other, nor more in a ring. The founder alone is an administrator and forces no voters, so that nothing follows from an
// administrator's word that counts no more. No host comes by two invites: with each that it tries it is another one (docs/formats/store.md). And who says
// what is held of others asks all sides, where the program asks members alone: what only hosts hold that are no members any more would go.

interface Host {
  readonly key: KeyPair;
  readonly id: HostId;
  readonly account: AccountId;
  readonly side: Side;
  /** Its last one. */
  batch: number;
}

interface Ticket {
  readonly key: KeyPair;
  readonly id: InviteId;
}

const CALM_STEPS = 40;
/** So many hosts come at most before the sides part. */
const CALM_HOSTS = 8;
const PARTED_STEPS = 80;
const NEW_INVITES = 4;
/** After so many in which all hear of all, nothing is new any more. */
const HEALING_ROUNDS = 30;
/** What a host that leaves may still say. */
const FAREWELL_BATCHES = 2;
/** As text; no other word in a key or finding is so long. */
const ID = /[a-z2-7]{52}/g;
const NO_SIGNATURE = new Uint8Array(64);

export interface RosterOptions {
  readonly seed: number;
  /** Hears of each deed. */
  readonly tell?: (line: string) => void;
  readonly mistake?: Mistake;
}

/** @returns what is wrong in the end: nothing, where all is well */
export function playRosters(options: RosterOptions): readonly string[] {
  return new Play(options).play();
}

class Play {
  readonly #random: SeededRandom;
  readonly #tell: (line: string) => void;
  readonly #mistake: Mistake | undefined;
  readonly #network: Network;
  readonly #sides: readonly Side[];
  readonly #hosts: Host[] = [];
  readonly #invites: Ticket[] = [];
  readonly #written: Row[] = [];
  readonly #numbers = new Map<string, number>();
  #isCalm = true;

  constructor({ seed, tell = () => {}, mistake }: RosterOptions) {
    this.#random = new SeededRandom(seed);
    this.#tell = tell;
    this.#mistake = mistake;
    const founder = this.#newKey();
    this.#network = readCertificate(foundNetwork(founder, { name: "friends", maxHosts: 100, createdMs: 1 }, this.#random))!;
    const first = this.#newKey();
    const id = idFromBytes<HostId>(first.publicKey);
    this.#sides = ["A", "B", "C"].map((name) => new Side(name, this.#network, { self: id, mistake }));
    this.#found({ key: first, id, account: this.#network.founder, side: this.#sides[0]!, batch: 0 });
  }

  play(): readonly string[] {
    for (let step = 0; step < CALM_STEPS; step += 1) {
      this.#hearAll();
      this.#step(this.#hosts.length < CALM_HOSTS ? CALM : CALM.filter((deed) => deed !== "admit"));
    }
    this.#isCalm = false;
    this.#tell("the sides part");
    for (let step = 0; step < PARTED_STEPS; step += 1) this.#step(PARTED);
    this.#tell("the sides are together again");
    return this.#heal() ? findingsOf(this.#partaking(), this.#written).map((finding) => this.#inWords(finding)) : [`new records come without end: after ${HEALING_ROUNDS} rounds there are some still`];
  }

  #found(host: Host): void {
    this.#hosts.push(host);
    this.#write(host, `member/${host.id}`, this.#admission(host, undefined), { inName: true });
    this.#write(host, "voters/1", votersCodec.encode(firstConfiguration(host.id)), { inName: true });
  }

  #newKey(): KeyPair {
    return keyPairFromSeed(this.#random.bytes(32));
  }

  #step(deeds: readonly Deed[]): void {
    const able = this.#hosts.filter(({ id, side }) => side.register.members.has(id));
    if (able.length > 0) this.#do(this.#random.pick(deeds), this.#random.pick(able), this.#random.pick(this.#hosts));
  }

  #do(deed: Deed, host: Host, other: Host): void {
    switch (deed) {
      case "invite":
        return this.#invite(host);
      case "admit":
        return this.#admit(host);
      case "remove":
        return this.#end(host, other, `removed/${other.id}/${host.account}`);
      case "revoke":
        return this.#end(host, other, `revoked/${host.account}/${other.id}`);
      case "leave":
        return this.#leave(host);
      case "spare":
        return this.#spare(host, [host.side]);
      case "drain":
        return void this.#write(host, `draining/${other.id}`, this.#random.chance(0.3) ? null : drainingCodec.encode({ sinceMs: 1 }), { inName: this.#random.chance(0.5) });
      case "set":
        return void this.#write(host, "setting/gone-after", settingCodec.encode({ ms: 2_000 + this.#random.below(100) }), { inName: true });
      case "grant":
        return void this.#write(host, `quota/${other.account}`, quotaCodec.encode({ bytes: this.#random.below(100) }), { inName: true });
      case "vote":
        return this.#vote(host);
      case "declare gone":
        return this.#declareGone(host, other);
      case "attest":
        return this.#attest(host, other);
      case "publish a card":
        return this.#publishCard(host);
      case "write anew":
        return this.#writeAnew(host);
      case "hear":
        return this.#hear();
    }
  }

  /** Writes at a host, and has its side hear it; what the rules refuse was never written. @param inName in its person's name @param isBlind without having read */
  #write(host: Host, key: string, value: Uint8Array | null, { inName = false, isBlind = false }: { readonly inName?: boolean; readonly isBlind?: boolean } = {}): boolean {
    const batch = host.batch + 1;
    const actor = { host: host.id, incarnation: 1 };
    const context = isBlind ? [] : host.side.contextOf(key);
    const row: Row = { namespace: this.#network.namespace, key, value, author: inName ? host.account : null, host: host.id, incarnation: 1, batch, dot: { actor, counter: batch }, context };
    if (!host.side.take(row)) return false;
    host.batch = batch;
    this.#written.push(row);
    this.#tell(`${host.side.name}: ${this.#inWords(host.id)} writes ${this.#inWords(key)}${value === null ? ", a deletion" : ""}${inName ? ` in the name of ${this.#inWords(host.account)}` : ""}`);
    return true;
  }

  #invite(host: Host): void {
    const key = this.#newKey();
    const id = idFromBytes<InviteId>(key.publicKey);
    const invite = signInvite(key, this.#network.id, { inviter: host.account, expiresMs: 1e9, zone: null, quotaBytes: null, role: "member" });
    if (this.#write(host, `invite/${id}/${host.account}`, inviteCodec.encode(invite), { inName: true })) this.#invites.push({ key, id });
  }

  /** By one of the last invites; also by one that is used already, or not known here: whoever made it has its key. */
  #admit(sponsor: Host): void {
    if (this.#invites.length === 0) return;
    const key = this.#newKey();
    const account = this.#random.chance(0.7) ? this.#random.pick(this.#hosts).account : idFromBytes<AccountId>(this.#newKey().publicKey);
    const host: Host = { key, id: idFromBytes<HostId>(key.publicKey), account, side: this.#random.pick(this.#sides), batch: 0 };
    if (this.#write(sponsor, `member/${host.id}`, this.#admission(host, this.#random.pick(this.#invites.slice(-NEW_INVITES))))) this.#hosts.push(host);
  }

  #admission({ key, id, account }: Host, invite: Ticket | undefined): Uint8Array {
    const asked = { account, name: `host ${this.#hosts.length}`, zone: "", capacityBytes: 1, proof: invite === undefined ? NO_SIGNATURE : proveAdmission(invite.key, this.#network.id, id, account) };
    const consent = invite === undefined ? NO_SIGNATURE : consentTo({ ...asked, host: id }, key);
    return admissionCodec.encode({ ...asked, joinedMs: 1, invite: invite?.id ?? null, consent } satisfies Admission);
  }

  #end(host: Host, other: Host, key: string): void {
    if (host.id >= other.id || this.#isLastOfSide(other, host)) return;
    const last = host.side.lastBatchOf(other.id);
    const honoured = last === 0 ? [] : [{ incarnation: 1, batch: last }];
    const before = host.side.register.revocations.get(key.slice("revoked/".length));
    this.#write(host, key, removalCodec.encode(before ?? { honoured }), { inName: true });
  }

  #leave(host: Host): void {
    if (this.#isLastOfSide(host, host)) return;
    this.#write(host, `removed/${host.id}/${host.account}`, removalCodec.encode({ honoured: [{ incarnation: 1, batch: host.batch + FAREWELL_BATCHES }] }), { inName: true });
  }

  /** As far as another knows. Such a one stays: a side without members has nothing more to say, and is told nothing. */
  #isLastOfSide({ id, side }: Host, { side: { register } }: Host): boolean {
    return !this.#hosts.some((host) => host.id !== id && host.side === side && register.members.has(host.id));
  }

  /** Says, as src/daemon/sparing.ts does, what is held of hosts that have lost their invites. */
  #spare(host: Host, inReach: readonly Side[]): void {
    if (this.#mistake === "spares-nobody") return;
    for (const [lost, spared] of host.side.register.spared) {
      const last = { incarnation: 1, batch: Math.max(...inReach.map((side) => side.lastBatchOf(lost))) };
      if (lost === host.id || last.batch === 0 || isHonoured(spared, last)) continue;
      this.#write(host, `spared/${lost}/${host.id}`, removalCodec.encode({ honoured: [last] }), { isBlind: true });
    }
  }

  /** The voters that a host reaches. */
  #signers(host: Host): readonly Host[] {
    const { voters } = host.side.register;
    return this.#hosts.filter(({ id, side }) => voters.includes(id) && (this.#isCalm || side === host.side));
  }

  #vote(host: Host): void {
    const { configuration } = host.side.register;
    if (!configuration.hosts.includes(host.id)) return;
    const hosts = nextVoters(configuration.hosts, host.side.register, this.#hosts.map(({ id }) => id));
    if (hosts === undefined) return;
    const next: VoterConfiguration = { number: configuration.number + 1, term: configuration.term + 1, hosts, approvals: [] };
    const approvals = this.#signers(host).map(({ key, id }) => approve(key, id, this.#network.id, next));
    this.#write(host, `voters/${next.number}`, votersCodec.encode({ ...next, approvals }), { isBlind: true });
  }

  #declareGone(host: Host, other: Host): void {
    const { configuration, members } = host.side.register;
    const returns = members.get(other.id)?.returns;
    if (returns === undefined || !configuration.hosts.includes(host.id)) return;
    const { number } = configuration;
    const signatures = this.#signers(host).map(({ key, id }) => ({ host: id, signature: signAbsence(key, this.#network.id, { host: other.id, returns, number }) }));
    this.#write(host, `gone/${other.id}`, departureCodec.encode({ returns, number, signatures }), { isBlind: true });
  }

  #attest(host: Host, other: Host): void {
    const { configuration, members } = host.side.register;
    const invite = members.get(other.id)?.invite ?? null;
    if (invite === null || !configuration.hosts.includes(host.id)) return;
    const { number } = configuration;
    const signatures = this.#signers(host).map(({ key, id }) => ({ host: id, signature: attest(key, this.#network.id, { host: other.id, invite, number }) }));
    this.#write(host, `attested/${other.id}`, attestationCodec.encode({ number, signatures }), { isBlind: true });
  }

  #publishCard(host: Host): void {
    const returns = (host.side.register.departures.get(host.id)?.returns ?? -1) + 1;
    this.#write(host, `host/${host.id}`, hostCardCodec.encode({ addresses: [], capacityBytes: 1, version: "1", returns }));
  }

  /** Any record, in one's own name: what the rules allow, a program other than this one may do. */
  #writeAnew(host: Host): void {
    const { key, value } = this.#random.pick(host.side.rows());
    this.#write(host, key, value, { inName: this.#random.chance(0.5) });
  }

  #hear(): void {
    const [one, other] = this.#random.shuffled(this.#sides) as [Side, Side, Side];
    one.hear(other, this.#random);
    one.drop();
    other.drop();
    this.#tell(`${one.name} hears of what ${other.name} has`);
  }

  #hearAll(): boolean {
    let hasNews = false;
    for (const to of this.#sides) {
      for (const from of this.#sides) if (to !== from && to.hear(from, this.#random)) hasNews = true;
    }
    return hasNews;
  }

  /** @returns whether it comes to rest */
  #heal(): boolean {
    for (let round = 0; round < HEALING_ROUNDS; round += 1) {
      const hasNews = this.#hearAll();
      const hasDropped = this.#sides.map((side) => side.drop()).includes(true);
      for (const side of this.#sides) {
        const host = this.#hosts.find(({ id, side: its }) => its === side && side.register.members.has(id));
        if (host !== undefined) this.#spare(host, this.#sides);
      }
      if (!hasNews && !hasDropped && round > 2) return true;
    }
    return false;
  }

  /** The sides that have a member still: of others nobody is told anything, or says what they held. */
  #partaking(): readonly Side[] {
    return this.#sides.filter((each) => this.#hosts.some(({ id, side }) => side === each && this.#sides.every(({ register }) => register.members.has(id))));
  }

  /** Ids are long: they get numbers. */
  #inWords(text: string): string {
    const numberOf = (id: string): number => this.#numbers.get(id) ?? this.#numbers.set(id, this.#numbers.size + 1).size;
    return text.replaceAll(ID, (id) => `#${numberOf(id)}`);
  }
}
