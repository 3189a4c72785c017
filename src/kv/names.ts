import type { Genesis } from "../cluster/index.ts";
import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import type { NamespaceId, NetworkId } from "../codec/index.ts";
import { CodecError, idFromText } from "../codec/index.ts";
import type { Records, RunningRecords } from "../records/index.ts";
import { RecordsError } from "../records/index.ts";
import { checkName, defaultGenesis, isName, rulesOf } from "./genesis.ts";
import type { KvInfo } from "./port.ts";
import { NAMES_PREFIX } from "./rules.ts";

export interface Named {
  readonly namespace: NamespaceId;
  readonly genesis: Genesis;
}

type NamesRecords = Records & Pick<RunningRecords, "follows">;

/** An id in text; longer than any name. */
const ID = /^[a-z2-7]{52}$/;

/** What names stand for: what a record of the network's says, else the namespace that everybody means who has heard nothing else. */
export class Names {
  readonly #records: NamesRecords;
  readonly #network: NetworkId;
  readonly #networkNamespace: NamespaceId;

  constructor(records: NamesRecords, network: NetworkId) {
    this.#records = records;
    this.#network = network;
    // The id of a network is also that of its namespace.
    this.#networkNamespace = network as string as NamespaceId;
  }

  /** @throws KvError BAD_NAME; RecordsError UNKNOWN_NAMESPACE for an id that this host has not heard of */
  find(nameOrId: string): Named {
    if (ID.test(nameOrId)) return this.#byId(nameOrId);
    checkName(nameOrId);
    return this.created(nameOrId) ?? named(defaultGenesis(this.#network, nameOrId));
  }

  /** Undefined when nobody has, as far as this host knows. Of several who did so at once, the least id has it on all hosts. */
  created(name: string): Named | undefined {
    const siblings = this.#records.local(this.#networkNamespace, NAMES_PREFIX + name)?.siblings ?? [];
    const candidates = siblings.flatMap(({ value }) => (value === null ? [] : [named(genesisCodec.decode(value))]));
    return candidates.sort((a, b) => (a.namespace < b.namespace ? -1 : 1))[0];
  }

  list(): readonly KvInfo[] {
    const found = new Map<NamespaceId, Genesis>();
    for (const namespace of this.#records.namespaces()) {
      const genesis = this.#records.genesis(namespace)!;
      if (isReadable(genesis)) found.set(namespace, genesis);
    }
    for (const { namespace, genesis } of this.#allCreated()) found.set(namespace, genesis);
    const rows = [...found].map(([namespace, genesis]) => this.info({ namespace, genesis }));
    return rows.sort((a, b) => a.name.localeCompare(b.name) || Number(b.isCurrent) - Number(a.isCurrent));
  }

  info({ namespace, genesis }: Named): KvInfo {
    const { name, writers, limits } = rulesOf(genesis);
    return { name, namespace, writers, shards: genesis.subShards, replicas: genesis.replicas, limits, isCurrent: this.find(name).namespace === namespace, isFollowed: this.#records.follows(namespace) };
  }

  *#allCreated(): Generator<Named> {
    let after: string | undefined;
    do {
      const page = this.#records.localScan(this.#networkNamespace, { prefix: NAMES_PREFIX, ...(after === undefined ? {} : { after }) });
      for (const { key } of page.entries) yield this.created(key.slice(NAMES_PREFIX.length))!;
      after = page.next;
    } while (after !== undefined);
  }

  #byId(text: string): Named {
    const namespace = idFromText<NamespaceId>(text);
    const genesis = this.#records.genesis(namespace);
    if (genesis?.type !== "kv") throw new RecordsError("UNKNOWN_NAMESPACE", `This host knows no kv namespace ${text}. "holdfast kv list" shows those it does.`);
    return { namespace, genesis };
  }
}

function named(genesis: Genesis): Named {
  return { namespace: namespaceIdOf(genesis), genesis };
}

/** Anybody may make a genesis up; one without a name that fits cannot be listed, and takes no records. */
function isReadable(genesis: Genesis): boolean {
  if (genesis.type !== "kv") return false;
  try {
    return isName(rulesOf(genesis).name);
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}
