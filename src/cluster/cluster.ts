import type { HostId } from "../codec/index.ts";
import type { Exclusion } from "./exclusion.ts";
import { exclusionsOf } from "./exclusion.ts";
import type { Lists, Share } from "./layout.ts";
import { layoutName, listsOf, preferenceList, sharesOf } from "./layout.ts";
import type { Genesis, JudgedRecord, Verdict } from "./namespace.ts";
import { ACCEPT, EVERYWHERE, SHARDS } from "./namespace.ts";
import type { Network } from "./network.ts";
import type { Coordination, Member, NetworkSettings } from "./port.ts";
import type { Register } from "./roster.ts";
import { buildRegister } from "./roster.ts";
import type { NetworkEntry } from "./roster-reading.ts";
import type { Rule } from "./rules.ts";
import { carriesProof } from "./proof.ts";
import { judgeStanding, networkRule, refuse, ruleNamed } from "./rules.ts";

export interface ClusterParts {
  readonly self: HostId;
  readonly network: Network;
  /** The connected hosts, whatever the roster says of them. The same list as long as nobody comes or goes. */
  readonly connected: () => readonly HostId[];
  /** Who is believed to coordinate. Left out: nobody is asked for it. */
  readonly coordinator?: () => Coordination | undefined;
  /** The rules of each type of namespace but the network's own. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** The rules of kinds of keys in the network's namespace that other rooms own. */
  readonly networkRules: Readonly<Record<string, Rule>>;
}

/** Who takes part, who holds what, and what may be written, as this host sees it now. */
export class Cluster {
  readonly self: HostId;
  readonly network: Network;
  readonly #connected: () => readonly HostId[];
  readonly #coordinator: () => Coordination | undefined;
  readonly #rules: Readonly<Record<string, Rule>>;
  readonly #listeners = new Set<(register: Register) => void>();
  #register: Register;
  #exclusions: readonly Exclusion[] = [];
  #members: readonly HostId[] = [];
  #active: readonly HostId[] = [];
  /** Who of those connected is a member; asked for with every message. */
  #online: { readonly connected: readonly HostId[]; readonly register: Register; readonly hosts: readonly HostId[] } | undefined;
  /** What the lists follow from: most records of the network, a new address for one, do not touch it. */
  #layout = "";
  #lists: Lists = listsOf("");

  constructor(parts: ClusterParts) {
    this.self = parts.self;
    this.network = parts.network;
    this.#connected = parts.connected;
    this.#coordinator = parts.coordinator ?? (() => undefined);
    this.#rules = { ...parts.rules, network: networkRule(parts.network, parts.networkRules) };
    this.#register = buildRegister(parts.network, []);
  }

  get register(): Register {
    return this.#register;
  }

  get settings(): NetworkSettings {
    return this.#register.settings;
  }

  /** Who coordinates, as far as this host knows. Orders are advice: two who think that they coordinate must do no harm. */
  coordinator(): Coordination | undefined {
    return this.#coordinator();
  }

  isCoordinator(): boolean {
    return this.#coordinator()?.host === this.self;
  }

  /** Takes in the network's records anew. Cheap enough to be done whole: a roster has hundreds of entries. */
  update(entries: Iterable<NetworkEntry>): void {
    this.#register = buildRegister(this.network, entries);
    this.#members = [...this.#register.members.keys()];
    this.#active = this.#candidates().map(({ host }) => host);
    const exclusions = exclusionsOf(this.#register);
    if (JSON.stringify(exclusions) !== JSON.stringify(this.#exclusions)) this.#exclusions = exclusions;
    const layout = layoutName(this.#candidates());
    if (layout !== this.#layout) [this.#layout, this.#lists] = [layout, listsOf(layout)];
    for (const listener of this.#listeners) listener(this.#register);
  }

  onChange(listener: (register: Register) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  member(host: HostId): Member | undefined {
    return this.#register.members.get(host);
  }

  /** All members, those that are gone included. */
  members(): readonly HostId[] {
    return this.#members;
  }

  /** The members that are not gone: to whom something may be assigned. */
  active(): readonly HostId[] {
    return this.#active;
  }

  #candidates(): readonly Member[] {
    return [...this.#register.members.values()].filter(({ isGone }) => !isGone);
  }

  online(): readonly HostId[] {
    const connected = this.#connected();
    const register = this.#register;
    if (this.#online?.connected === connected && this.#online.register === register) return this.#online.hosts;
    const { members } = register;
    // A host that has only just joined has no roster yet; whoever it is connected to was named in its invite, and knows more.
    const isKnown = members.has(this.self);
    const hosts = connected.filter((host) => host !== this.self && (!isKnown || members.has(host)));
    this.#online = { connected, register, hosts };
    return hosts;
  }

  preferenceList(shard: number): readonly HostId[] {
    const known = this.#lists.get(shard);
    if (known !== undefined) return known;
    const list = preferenceList(shard, this.#candidates());
    this.#lists.set(shard, list);
    return list;
  }

  /** What each active member is assigned of all shards. @param first how many hosts of each preference list are assigned the shard */
  shares(first: number): readonly Share[] {
    const lists = Array.from({ length: SHARDS }, (_, shard) => this.preferenceList(shard));
    return sharesOf(this.#candidates(), lists, first);
  }

  replicas(shard: number, count: number): readonly HostId[] {
    return shard === EVERYWHERE ? this.active() : this.preferenceList(shard).slice(0, count);
  }

  /** Equal where all preference lists are. */
  get layout(): string {
    return this.#layout;
  }

  exclusions(): readonly Exclusion[] {
    return this.#exclusions;
  }

  judge(record: JudgedRecord, genesis: Genesis): Verdict {
    const isProven = record.namespace === this.network.namespace && carriesProof(record);
    const standing = isProven ? ACCEPT : judgeStanding(record, this.#register);
    if (standing.kind !== "accept") return standing;
    const rule = ruleNamed(this.#rules, genesis.type);
    if (rule === undefined) return refuse("UNKNOWN_TYPE", `this program knows no namespaces of type ${genesis.type}; update it`);
    return rule(record, genesis, this.#register);
  }
}
