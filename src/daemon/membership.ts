import type { Cluster, HostCard, Invite, NetworkEntry, RedeemAnswer } from "../cluster/index.ts";
import { ClusterError, ROSTER_PREFIXES, admissionCodec, hostCardCodec, inviteCheckWords, inviteCodec, inviteIdOf, judgeRedemption, redeemAnswerCodec, removalCodec, votersCodec, writeInviteCode } from "../cluster/index.ts";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { equalBytes } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import { REDEEM } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter } from "../platform/index.ts";
import type { Records } from "../records/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import type { HostIdentity, Settings } from "./directory.ts";

export interface MembershipParts {
  readonly identity: HostIdentity;
  readonly settings: Settings;
  /** The person for whom this host acts, if there is one. */
  readonly account: AccountId | undefined;
  readonly version: string;
  readonly cluster: Cluster;
  readonly records: Records;
  readonly transport: Transport;
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

  constructor(env: Env, parts: MembershipParts) {
    this.#env = env;
    this.#parts = parts;
    const { records, identity, cluster, transport } = parts;
    records.onApplied((namespace, keys) => {
      if (namespace === identity.network.namespace && keys.some((key) => ROSTER_PREFIXES.some((prefix) => key.startsWith(prefix)))) this.refresh();
    });
    transport.handle(REDEEM, (from, body) => this.#redeeming.run(() => this.#redeem(from as string as InviteId, body)));
    cluster.onChange(() => void this.#partWithRemoved());
  }

  /** Takes the roster from the records as they are now. */
  refresh(): void {
    const { cluster, records, identity } = this.#parts;
    cluster.update(rosterEntries(records, identity));
  }

  /** Whether a connecting key may come in. Before the roster is here, the hosts named at joining are trusted. */
  isMember(host: HostId): boolean {
    const { register } = this.#parts.cluster;
    if (register.members.has(host)) return true;
    const isNewHere = !register.members.has(this.#parts.identity.host);
    return isNewHere && this.#parts.identity.entrances.some((entrance) => entrance.host === host);
  }

  isInvite(invite: InviteId): boolean {
    return this.#parts.cluster.register.invites.has(invite);
  }

  /** The founder's first host admits itself and is the first voter. Does nothing anywhere else. */
  async sayFirstWord(): Promise<void> {
    const { identity, settings, account, cluster, records } = this.#parts;
    if (account !== identity.network.founder || cluster.register.admissions.size > 0 || identity.entrances.length > 0) return;
    const admission = admissionCodec.encode({
      account: identity.network.founder,
      name: settings.hostName,
      zone: settings.zone,
      capacityBytes: settings.capacityBytes,
      joinedMs: this.#env.clock.wallMs(),
      invite: null,
      proof: new Uint8Array(64),
    });
    const { namespace } = identity.network;
    await records.write([{ namespace, key: `member/${identity.host}`, value: admission, context: EMPTY_CONTEXT }]);
    const voters = votersCodec.encode({ number: 1, hosts: [identity.host], approvals: [] });
    await records.write([{ namespace, key: "voters/1", value: voters, context: EMPTY_CONTEXT }]);
  }

  /** Tells the others where this host listens and what it offers, when that has changed. */
  async publishCard(): Promise<void> {
    const { identity, settings, version, cluster, records, transport } = this.#parts;
    if (!cluster.register.members.has(identity.host)) return;
    const card: HostCard = { addresses: transport.addresses().slice(0, 16), capacityBytes: settings.capacityBytes, version };
    const value = hostCardCodec.encode({ ...card, addresses: [...card.addresses] });
    const key = `host/${identity.host}`;
    const known = records.local(identity.network.namespace, key)?.siblings[0]?.value;
    if (known !== undefined && known !== null && equalBytes(known, value)) return;
    await records.write([{ namespace: identity.network.namespace, key, value }], { as: "host" });
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
    const value = inviteCodec.encode({ expiresMs, zone: grant.zone ?? null, quotaBytes: grant.quotaBytes ?? null, role: grant.role ?? "member" });
    await records.write([{ namespace: identity.network.namespace, key: `invite/${invite}`, value, context: EMPTY_CONTEXT }]);
    return { code: writeInviteCode(code), invite, expiresMs, checkWords: inviteCheckWords(identity.network.id, invite) };
  }

  /** Shuts a host out; what it has written until now stays. @throws ClusterError NO_SUCH_HOST; RecordsError REFUSED */
  async remove(host: HostId): Promise<{ readonly safe: boolean }> {
    this.#checkIsMember(host);
    return this.#endHonouring(host, `removed/${host}`);
  }

  /**
   * Takes back this host's person's word that `host` may sign for them. What it has signed until now stays, as far as this host has
   * heard of it; what it signs from now on is refused by all who know.
   * @throws ClusterError NO_SUCH_HOST, OWN_DELEGATION, NO_ACCOUNT
   */
  async revoke(host: HostId): Promise<{ readonly safe: boolean }> {
    const { identity, account } = this.#parts;
    this.#checkIsMember(host);
    if (host === identity.host) {
      throw new ClusterError("OWN_DELEGATION", 'A host cannot revoke the delegation by which it acts for you itself. Do it on another of your hosts; one becomes yours with "holdfast key import".');
    }
    if (account === undefined) throw new ClusterError("NO_ACCOUNT", 'This host acts for nobody, so it has no delegation to revoke. Give it your recovery phrase with "holdfast key import".');
    return this.#endHonouring(host, `revoked/${account}/${host}`);
  }

  #checkIsMember(host: HostId): void {
    if (!this.#parts.cluster.register.members.has(host)) throw new ClusterError("NO_SUCH_HOST", `No host ${host} is in this network. "holdfast hosts" lists them.`);
  }

  #endHonouring(host: HostId, key: string): Promise<{ readonly safe: boolean }> {
    const { identity, records } = this.#parts;
    const value = removalCodec.encode({ honoured: [...records.honouredOf(host)] });
    return records.write([{ namespace: identity.network.namespace, key, value }]);
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
    const { host, admission } = judgeRedemption(invite, body, identity.network, cluster.register, this.#env.clock.wallMs());
    if (admission !== undefined) {
      await records.write([{ namespace: identity.network.namespace, key: `member/${host}`, value: admissionCodec.encode(admission), context: EMPTY_CONTEXT }]);
      this.#env.log.info("a host was admitted", { host, name: admission.name });
    }
    return redeemAnswerCodec.encode({ certificate: identity.certificate, entrances: this.#entrances(256).map(({ host: id, addresses }) => ({ host: id, addresses: [...addresses] })) });
  }

  async #partWithRemoved(): Promise<void> {
    const { transport } = this.#parts;
    for (const peer of transport.connected()) {
      if (!this.isMember(peer)) await transport.disconnect(peer).catch((error: unknown) => this.#env.log.warn("a removed host's connection could not be ended", { peer, error }));
    }
  }
}

/** The network's records that the roster follows from. */
function* rosterEntries(records: Records, identity: HostIdentity): Generator<NetworkEntry> {
  for (const prefix of ROSTER_PREFIXES) {
    for (let after: string | undefined, more = true; more; ) {
      const page = records.localScan(identity.network.namespace, { prefix, ...(after === undefined ? {} : { after }) });
      for (const { key, siblings } of page.entries) yield { key, values: siblings.map(({ value }) => value).filter((value) => value !== null) };
      after = page.next;
      more = after !== undefined;
    }
  }
}
