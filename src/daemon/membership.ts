import type { Cluster, Invite, NetworkSettings, RedeemAnswer, Removal } from "../cluster/index.ts";
import { ClusterError, SETTINGS, admissionCodec, hostCardCodec, inviteCheckWords, inviteCodec, inviteIdOf, judgeRedemption, redeemAnswerCodec, removalCodec, firstConfiguration, forcedConfiguration, settingCodec, signInvite, votersCodec, writeInviteCode } from "../cluster/index.ts";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { equalBytes } from "../codec/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import { REDEEM } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter, Worker } from "../platform/index.ts";
import type { Records, Write } from "../records/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import type { HostIdentity, Settings } from "./directory.ts";
import { RosterEntries } from "./roster-entries.ts";

/** Addresses change without a word: a machine is carried to another network. */
const CARD_EVERY_MS = 30_000;
/** Its own removal is among the last that a host writes, and is to be honoured. */
const FAREWELL_BATCHES = 64;
/** As many as a card holds. */
const CARD_ADDRESSES = 16;
/** Each further one means that others have forced voters too in that moment. */
const FORCE_ATTEMPTS = 5;

export interface MembershipParts {
  readonly identity: HostIdentity;
  readonly settings: Settings;
  /** The person for whom this host acts, if there is one. */
  readonly account: AccountId | undefined;
  readonly version: string;
  readonly cluster: Cluster;
  readonly records: Records;
  readonly transport: Transport;
  /** Whether this host has read the roster to its end. */
  readonly isRosterWhole: () => boolean;
}

export interface InviteGrant {
  readonly zone?: string;
  readonly role?: Invite["role"];
  readonly quotaBytes?: number;
  readonly expiresInMs: number;
}

export interface NewInvite {
  readonly code: string;
  readonly invite: InviteId;
  readonly expiresMs: number;
  readonly checkWords: string;
}

/** This host's part in who takes part: its own admission and card, invites, redemptions and removals. */
export class Membership {
  readonly #env: Env;
  readonly #parts: MembershipParts;
  /** Two requests with one invite are judged one after the other. */
  readonly #redeeming = new Limiter(1);
  /** Of two removals at the same moment each sees the voters that the other has left. */
  readonly #forcing = new Limiter(1);
  readonly #entries: RosterEntries;
  /** Tells the others where this host listens and what it offers, when that has changed: it was moved, or the roster changed. */
  readonly card: Worker;

  constructor(env: Env, parts: MembershipParts) {
    this.#env = env;
    this.#parts = parts;
    const { records, identity, cluster, transport } = parts;
    this.#entries = new RosterEntries(records, identity.network.namespace);
    records.onApplied((namespace, keys) => {
      if (namespace === identity.network.namespace && this.#entries.take(keys)) cluster.update(this.#entries.all());
    });
    transport.handle(REDEEM, (from, body, signal) => this.#redeeming.run(() => this.#redeem(from as string as InviteId, body), signal));
    cluster.onChange(() => void this.#partWithRemoved());
    this.card = new Worker(env, { name: "card", everyMs: CARD_EVERY_MS, work: ({ report }) => this.#publishCard(report) });
  }

  /** Takes the roster from the records as they are now. */
  refresh(): void {
    this.#entries.load();
    this.#parts.cluster.update(this.#entries.all());
  }

  /** Whether a connecting key may come in. Before the whole roster is here, the hosts named at joining are trusted. */
  isMember(host: HostId): boolean {
    const { cluster, identity, isRosterWhole } = this.#parts;
    if (cluster.register.members.has(host)) return true;
    const isPart = !isRosterWhole() && !cluster.register.removals.has(host);
    return isPart && identity.entrances.some((entrance) => entrance.host === host);
  }

  isInvite(invite: InviteId): boolean {
    return this.#parts.cluster.register.invites.has(invite);
  }

  /** The founder's first host admits itself and is the first voter. Does nothing anywhere else. */
  async sayFirstWord(): Promise<void> {
    const { identity, account, cluster, records } = this.#parts;
    if (account !== identity.network.founder || identity.entrances.length > 0) return;
    const { namespace } = identity.network;
    if (cluster.register.admissions.size === 0) await records.write([{ namespace, key: `member/${identity.host}`, value: this.#firstAdmission(), context: EMPTY_CONTEXT }]);
    // Asked apart: the host may have been killed between the two, and the second cannot be judged before the first has been taken in.
    if (cluster.register.configurations.size > 0 || !cluster.register.members.has(identity.host)) return;
    const voters = votersCodec.encode(firstConfiguration(identity.host));
    await records.write([{ namespace, key: "voters/1", value: voters, context: EMPTY_CONTEXT }]);
  }

  #firstAdmission(): Uint8Array {
    const { identity, settings } = this.#parts;
    return admissionCodec.encode({
      account: identity.network.founder,
      name: settings.hostName,
      zone: settings.zone,
      capacityBytes: settings.capacityBytes,
      joinedMs: this.#env.clock.wallMs(),
      invite: null,
      proof: new Uint8Array(64),
      consent: new Uint8Array(64),
    });
  }

  async #publishCard(report: (progress: string) => void): Promise<void> {
    const { identity, settings, version, cluster, records, transport } = this.#parts;
    if (!cluster.register.members.has(identity.host)) return report("waits for this host to be known");
    const addresses = transport.addresses().slice(0, CARD_ADDRESSES);
    report(`addresses told: ${addresses.length}`);
    const value = hostCardCodec.encode({ addresses, capacityBytes: settings.capacityBytes, version, returns: this.#returns() });
    const key = `host/${identity.host}`;
    const known = records.local(identity.network.namespace, key)?.siblings[0]?.value;
    if (known !== undefined && known !== null && equalBytes(known, value)) return;
    await records.write([{ namespace: identity.network.namespace, key, value }], { as: "host" });
  }

  /** One more than the voters knew of when they declared this host gone, if they did. */
  #returns(): number {
    const { cluster, identity } = this.#parts;
    return Math.max(cluster.member(identity.host)?.returns ?? 0, (cluster.register.departures.get(identity.host)?.returns ?? -1) + 1);
  }

  /** Whether this host acts for a person of the network, who may invite. */
  mayInvite(): boolean {
    const { identity, account, cluster } = this.#parts;
    const { members, revocations } = cluster.register;
    return account !== undefined && members.has(identity.host) && !revocations.has(`${account}/${identity.host}`);
  }

  async invite(grant: InviteGrant): Promise<NewInvite> {
    const { identity, records, cluster } = this.#parts;
    const seed = this.#env.random.bytes(32);
    const expiresMs = this.#env.clock.wallMs() + grant.expiresInMs;
    const code = { network: identity.network.id, networkName: identity.network.rules.name, seed, expiresMs, entrances: this.#entrances(4) };
    const invite = inviteIdOf(code);
    if (cluster.register.members.size >= cluster.register.maxHosts) {
      throw new ClusterError("NETWORK_FULL", `The network has its ${cluster.register.maxHosts} hosts. Remove one before inviting another.`);
    }
    const terms = { inviter: this.#person(), expiresMs, zone: grant.zone ?? null, quotaBytes: grant.quotaBytes ?? null, role: grant.role ?? "member" };
    const value = inviteCodec.encode(signInvite(keyPairFromSeed(seed), identity.network.id, terms));
    await records.write([{ namespace: identity.network.namespace, key: `invite/${invite}/${terms.inviter}`, value, context: EMPTY_CONTEXT }]);
    return { code: writeInviteCode(code), invite, expiresMs, checkWords: inviteCheckWords(identity.network.id, invite) };
  }

  /** What administrators choose for the whole network. @throws RecordsError REFUSED for everybody else */
  set(setting: keyof NetworkSettings, ms: number): Promise<{ readonly safe: boolean }> {
    const { identity, records } = this.#parts;
    return records.write([{ namespace: identity.network.namespace, key: `setting/${SETTINGS[setting].name}`, value: settingCodec.encode({ ms }) }]);
  }

  /**
   * Shuts a host out; what it has written until now stays.
   * @param isLost it never comes back, so that it is given up as a voter whether or not a majority is in reach
   * @throws ClusterError NO_SUCH_HOST, NO_ACCOUNT, LAST_VOTER, VOTERS_CHANGED; RecordsError REFUSED
   */
  async remove(host: HostId, { isLost = false }: { readonly isLost?: boolean } = {}): Promise<{ readonly safe: boolean }> {
    const { cluster, identity } = this.#parts;
    // It may have been removed before anybody knew that it was lost, and still count as a voter.
    const isRemoved = this.#votersWithout(host, isLost).length > 0 && isLost && cluster.register.removals.has(host);
    if (isRemoved) return this.#writeWithoutVoter(host, isLost, []);
    this.#checkIsMember(host);
    if (isLost && host === identity.host) throw new ClusterError("LAST_VOTER", "This host is not lost: it answers. Ask another host of the network to give it up.");
    return this.#writeWithoutVoter(host, isLost, [await this.#ending(host, `removed/${host}/${this.#person()}`, undefined)]);
  }

  /**
   * Ends this host's part in the network by its person's word.
   * @throws ClusterError LAST_VOTER, NO_ACCOUNT, VOTERS_CHANGED
   */
  async leave(): Promise<{ readonly safe: boolean }> {
    const { cluster, records, identity } = this.#parts;
    const { configuration } = cluster.register;
    if (configuration.hosts.length <= 1 && configuration.hosts.includes(identity.host)) {
      throw new ClusterError("LAST_VOTER", "The host is the only voter, and somebody must vote. Wait until another host has become one; where there is no other, stop this one and delete its folder.");
    }
    const until = (await records.honouredOf(identity.host)).map(({ incarnation, batch }) => ({ incarnation, batch: batch + FAREWELL_BATCHES }));
    const value = removalCodec.encode({ honoured: until });
    return this.#writeWithoutVoter(identity.host, false, [{ namespace: identity.network.namespace, key: `removed/${identity.host}/${this.#person()}`, value }]);
  }

  /**
   * Writes that a host's part has ended, and with it the voters without it where nobody else can appoint them. One call after the other: the voters
   * follow those that the call before has left, or of two with one number one would count and the other be lost. An administrator at
   * another host may have forced some at the same moment, and theirs count; then these follow them.
   * @throws ClusterError LAST_VOTER, VOTERS_CHANGED
   */
  #writeWithoutVoter(host: HostId, isLost: boolean, ending: readonly Write[]): Promise<{ readonly safe: boolean }> {
    const { cluster, records } = this.#parts;
    return this.#forcing.run(async () => {
      let outcome = { safe: true };
      for (let attempt = 0; attempt < FORCE_ATTEMPTS; attempt += 1) {
        const forced = this.#votersWithout(host, isLost);
        const writes = attempt === 0 ? [...ending, ...forced] : forced;
        if (writes.length > 0) outcome = await records.write(writes);
        if (forced.length === 0 || !cluster.register.configuration.hosts.includes(host)) return outcome;
      }
      throw new ClusterError("VOTERS_CHANGED", `Host ${host} is shut out, but counts as a voter still: others have changed the voters each time. Ask again.`);
    });
  }

  /**
   * The voters without a host, in place of their consent. Needed when it is lost, and when so many others are away that it was part of the only
   * majority: with half of the voters still here, nobody else can have one. Where the last of them is lost, this host votes.
   */
  #votersWithout(host: HostId, isLost: boolean): readonly Write[] {
    const { account, cluster, identity } = this.#parts;
    const { configuration, people, members } = cluster.register;
    if (account === undefined || people.get(account)?.isAdministrator !== true || !configuration.hosts.includes(host)) return [];
    if (configuration.hosts.length === 1 && !isLost) return [];
    if (configuration.hosts.length === 1 && (host === identity.host || members.get(identity.host)?.isGone !== false)) {
      throw new ClusterError("LAST_VOTER", "The host is the only voter, and somebody must vote. Give it up at another host of an administrator's, which votes in its place; or start it.");
    }
    const here = [identity.host, ...cluster.online()].filter((each) => each !== host && configuration.hosts.includes(each)).length;
    if (!isLost && here * 2 !== configuration.hosts.length) return [];
    const next = forcedConfiguration(configuration, host, identity.host);
    return [{ namespace: identity.network.namespace, key: `voters/${next.number}`, value: votersCodec.encode(next), context: EMPTY_CONTEXT }];
  }

  /**
   * Takes back this host's person's word that `host` may sign for them. What it has signed until now stays, as far as this host has
   * heard of it; what it signs from now on is refused by all who know.
   * @throws ClusterError NO_SUCH_HOST, OWN_DELEGATION, NO_ACCOUNT
   */
  async revoke(host: HostId): Promise<{ readonly safe: boolean }> {
    const { identity } = this.#parts;
    this.#checkIsMember(host);
    if (host === identity.host) {
      throw new ClusterError("OWN_DELEGATION", 'A host cannot revoke the delegation by which it acts for you itself. Do it on another of your hosts; one becomes yours with "holdfast key import".');
    }
    const name = `${this.#person()}/${host}`;
    return this.#parts.records.write([await this.#ending(host, `revoked/${name}`, this.#parts.cluster.register.revocations.get(name))]);
  }

  /** Or has been one, and something of what it wrote may count still. */
  #checkIsMember(host: HostId): void {
    const { members, spared } = this.#parts.cluster.register;
    if (!members.has(host) && !spared.has(host)) throw new ClusterError("NO_SUCH_HOST", `No host ${host} is in this network. "holdfast hosts" lists them.`);
  }

  /** The entry by which what a host says counts no more. @param before what ended it already: nothing that counts no more comes to count again */
  async #ending(host: HostId, key: string, before: Removal | undefined): Promise<Write> {
    const { identity, records } = this.#parts;
    const value = removalCodec.encode(before ?? { honoured: await records.honouredOf(host) });
    return { namespace: identity.network.namespace, key, value };
  }

  /** @throws ClusterError NO_ACCOUNT */
  #person(): AccountId {
    const { account } = this.#parts;
    if (account === undefined) throw new ClusterError("NO_ACCOUNT", 'This host acts for nobody, and only people invite and revoke. Give it your recovery phrase with "holdfast key import".');
    return account;
  }

  /** Ways in, this host first, then connected ones. */
  #entrances(count: number): RedeemAnswer["entrances"] {
    const { cluster, identity, transport } = this.#parts;
    const self = { host: identity.host, addresses: transport.addresses().slice(0, 8) };
    const others = [...cluster.register.members.values()].filter((member) => member.host !== identity.host && member.addresses.length > 0);
    const online = new Set(cluster.online());
    others.sort((a, b) => Number(online.has(b.host)) - Number(online.has(a.host)));
    return [self, ...others.map(({ host, addresses }) => ({ host, addresses: addresses.slice(0, 8) }))].slice(0, count);
  }

  async #redeem(invite: InviteId, body: Uint8Array): Promise<Uint8Array> {
    const { identity, cluster, records } = this.#parts;
    const { host, admission } = judgeRedemption(invite, body, identity.network, cluster.register, this.#env.clock.wallMs(), this.#signersOf(invite));
    if (admission !== undefined) {
      // The invite is the word that counts, so that a host admits whether or not a person has delegated to it.
      await records.write([{ namespace: identity.network.namespace, key: `member/${host}`, value: admissionCodec.encode(admission), context: EMPTY_CONTEXT }], { as: "host" });
      this.#env.log.info("a host was admitted", { host, name: admission.name });
    }
    return redeemAnswerCodec.encode({ certificate: identity.certificate, entrances: this.#entrances(256).map(({ host: id, addresses }) => ({ host: id, addresses: [...addresses] })) });
  }

  /** The hosts that wrote an invite's terms in its maker's name. */
  #signersOf(invite: InviteId): readonly HostId[] {
    const { identity, cluster, records } = this.#parts;
    const inviter = cluster.register.invites.get(invite)?.inviter;
    const states = [`invite/${invite}/${inviter}`, `invite/${invite}`].map((key) => records.local(identity.network.namespace, key));
    return states.flatMap((state) => state?.siblings ?? []).filter(({ author }) => author === inviter).map(({ dot }) => dot.actor.host);
  }

  async #partWithRemoved(): Promise<void> {
    const { transport } = this.#parts;
    for (const peer of transport.connected()) {
      if (!this.isMember(peer)) await transport.disconnect(peer).catch((error: unknown) => this.#env.log.warn("a removed host's connection could not be ended", { peer, error }));
    }
  }
}
