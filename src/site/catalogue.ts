import type { Roster } from "../cluster/index.ts";
import type { HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import { CodecError } from "../codec/index.ts";
import type { KeyState, Records } from "../records/index.ts";
import type { Claim, Holding, NameEntries } from "./claim.ts";
import { NAME_PREFIX, labelPrefix, readClaim, readNameKey, settle, voteCodec } from "./claim.ts";

/** One name, with all that is recorded about it and who has it. */
export interface Name {
  readonly label: string;
  readonly entries: NameEntries;
  /** Undefined when there are only votes left of it. */
  readonly holding: Holding | undefined;
}

/** The names of the network's sites, kept ready: the gateway asks for one with every request. */
export class Catalogue {
  readonly #network: NetworkId;
  readonly #namespace: NamespaceId;
  readonly #roster: () => Roster;
  readonly #records: Records;
  readonly #entries = new Map<string, NameEntries>();
  readonly #names = new Map<string, Name>();
  /** The roster by which `#names` was settled: another one may have other voters. */
  #settledBy: Roster | undefined;

  constructor(network: NetworkId, roster: () => Roster, records: Records) {
    this.#network = network;
    // The id of a network is also that of its namespace.
    this.#namespace = network as string as NamespaceId;
    this.#roster = roster;
    this.#records = records;
    for (const state of scan(records, this.#namespace, NAME_PREFIX)) {
      const label = labelOf(state.key);
      if (label !== undefined && !this.#entries.has(label)) this.#load(label);
    }
  }

  get namespace(): NamespaceId {
    return this.#namespace;
  }

  /** Takes in that records were applied. Says whether names are among them. */
  applied(namespace: NamespaceId, keys: readonly string[]): boolean {
    if (namespace !== this.#namespace) return false;
    const labels = new Set(keys.map(labelOf).filter((label) => label !== undefined));
    for (const label of labels) this.#load(label);
    return labels.size > 0;
  }

  find(label: string): Name | undefined {
    const roster = this.#roster();
    if (roster !== this.#settledBy) this.#names.clear();
    this.#settledBy = roster;
    const known = this.#names.get(label);
    if (known !== undefined) return known;
    const entries = this.#entries.get(label);
    if (entries === undefined) return undefined;
    const name = { label, entries, holding: settle(entries, roster.voters) };
    this.#names.set(label, name);
    return name;
  }

  /** All names, those included of which only votes are left, in alphabetical order. */
  list(): Name[] {
    return [...this.#entries.keys()].sort().map((label) => this.find(label)!);
  }

  #load(label: string): void {
    this.#names.delete(label);
    const claims: Claim[] = [];
    const votes = new Map<HostId, NamespaceId>();
    for (const { key, siblings } of scan(this.#records, this.#namespace, labelPrefix(label))) {
      const parsed = orNothing(() => readNameKey(key));
      if (parsed === undefined) continue;
      for (const { value } of siblings) {
        if (value === null) continue;
        if (parsed.kind === "claim") {
          const claim = orNothing(() => readClaim(value, this.#network, parsed.account));
          if (claim !== undefined) claims.push(claim);
        } else {
          const vote = orNothing(() => voteCodec.decode(value));
          if (vote !== undefined) votes.set(parsed.host, vote.namespace);
        }
      }
    }
    if (claims.length + votes.size > 0) this.#entries.set(label, { claims, votes });
    else this.#entries.delete(label);
  }
}

function labelOf(key: string): string | undefined {
  return orNothing(() => readNameKey(key))?.label;
}

/** The rules let nothing malformed in; should it be there all the same, it is as if it were not. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** All keys below a prefix that have a value here, in their order. */
export function* scan(records: Records, namespace: NamespaceId, prefix: string): Generator<KeyState> {
  let after: string | undefined;
  do {
    const page = records.localScan(namespace, after === undefined ? { prefix } : { prefix, after });
    yield* page.entries;
    after = page.next;
  } while (after !== undefined);
}
