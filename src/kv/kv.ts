import type { Genesis } from "../cluster/index.ts";
import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, NamespaceId, NetworkId } from "../codec/index.ts";
import { codeOf } from "../platform/index.ts";
import type { Change, KeyState, ReadOptions, Records, RunningRecords, ScanOptions, ScanPage, Write } from "../records/index.ts";
import { EMPTY_CONTEXT, RecordsError, checkPosition, decodeContextText, encodeContextText, tokenOf } from "../records/index.ts";
import { KvError } from "./errors.ts";
import { checkName, defaultGenesis, genesisOf } from "./genesis.ts";
import { Names } from "./names.ts";
import type { Kv, KvChange, KvInfo, KvPage, KvSettings, KvState, KvWrite, KvWritten } from "./port.ts";
import { NAMES_PREFIX } from "./rules.ts";

export interface KvParts {
  readonly records: Records & Pick<RunningRecords, "keeps" | "follows">;
  readonly network: NetworkId;
  /** The person in whose name this host writes, if there is one. */
  readonly account: () => AccountId | undefined;
}

export function createKv(parts: KvParts): Kv {
  return new RecordsKv(parts);
}

function shown(namespace: NamespaceId, state: KeyState): KvState {
  return { ...state, context: encodeContextText({ namespace, key: state.key }, state.context) };
}

async function* shownChanges(namespace: NamespaceId, changes: AsyncIterable<Change>): AsyncGenerator<KvChange> {
  for await (const { state, position } of changes) yield { state: shown(namespace, state), position };
}

class RecordsKv implements Kv {
  readonly #parts: KvParts;
  readonly #names: Names;

  constructor(parts: KvParts) {
    this.#parts = parts;
    this.#names = new Names(parts.records, parts.network);
  }

  list(): readonly KvInfo[] {
    return this.#names.list();
  }

  async create(name: string, settings: KvSettings): Promise<{ readonly info: KvInfo; readonly safe: boolean }> {
    checkName(name);
    const { records, network, account } = this.#parts;
    const person = account();
    if (person === undefined) throw new KvError("NO_ACCOUNT", 'This host acts for nobody, and a name is given by a person. Give it a recovery phrase with "holdfast key import".');
    const genesis = genesisOf(network, person, name, settings);
    const namespace = namespaceIdOf(genesis);
    const before = this.#names.created(name);
    if (before !== undefined && before.namespace !== namespace) throw new KvError("NAMESPACE_IN_USE", `"${name}" was created with other settings; "holdfast kv list" shows them. Choose another name.`);
    if (namespaceIdOf(defaultGenesis(network, name)) !== namespace) await this.#checkIsEmpty(name);
    await records.create(genesis);
    const { safe } = before === undefined ? await this.#name(name, genesis) : { safe: true };
    return { info: this.#names.info({ namespace, genesis }), safe };
  }

  /** Who has written already means the namespace that the name stood for then; it would be hidden from them. */
  async #checkIsEmpty(name: string): Promise<void> {
    const { records, network } = this.#parts;
    for (let after: string | undefined, isMore = true; isMore; isMore = after !== undefined) {
      const page = await records.scan(namespaceIdOf(defaultGenesis(network, name)), after === undefined ? {} : { after }).catch((error: unknown) => {
        // Nobody in reach has heard of it, or keeps it: there is nothing here that could be hidden.
        if (["UNKNOWN_NAMESPACE", "NOT_HELD"].includes(codeOf(error) ?? "")) return { entries: [], next: undefined };
        throw error;
      });
      after = page.next;
      if (page.entries.length > 0) throw new KvError("NAMESPACE_IN_USE", `Keys have been put into "${name}" already, so it has the settings that everybody takes for granted. Choose another name, or delete its keys first.`);
    }
  }

  /** Blindly: who has created it elsewhere at the same moment has been told so, and of the two the least id has it. */
  async #name(name: string, genesis: Genesis): Promise<{ readonly safe: boolean }> {
    const { records, network } = this.#parts;
    return records.write([{ namespace: network as string as NamespaceId, key: NAMES_PREFIX + name, value: genesisCodec.encode(genesis), context: EMPTY_CONTEXT }]);
  }

  async write(name: string, key: string, value: Uint8Array | null, how: KvWrite): Promise<KvWritten> {
    const { records, account } = this.#parts;
    const namespace = await this.#begin(name);
    const write = { namespace, key, value, ...(await this.#superseded(namespace, key, how)) };
    const { dots, copies, safe } = await records.write([write], { as: account() === undefined ? "host" : "account" });
    return { token: tokenOf([write], dots), copies, safe };
  }

  /**
   * What the write is to supersede. What comes from elsewhere after it was read stays beside the write: nobody has seen it yet. Of two at once on
   * this host the second supersedes the first. @throws KvError CONFLICT
   */
  async #superseded(namespace: NamespaceId, key: string, how: KvWrite): Promise<Pick<Write, "context" | "supersedesOwn">> {
    if (how === "blind") return { context: EMPTY_CONTEXT };
    if (typeof how === "object") return { context: decodeContextText(how.context, { namespace, key }) };
    const { records } = this.#parts;
    const state = await records.read(namespace, key, { fresh: how === "resolve", deleted: true }).catch((error: unknown) => {
      // A write never waits for others: with nobody in reach who keeps the key, what this host knows is what it has read.
      if (codeOf(error) === "NOT_HELD") return records.local(namespace, key, { deleted: true });
      throw error;
    });
    const { siblings, context } = state ?? { siblings: [], context: EMPTY_CONTEXT };
    if (how === "plain" && siblings.length > 1) {
      throw new KvError("CONFLICT", `"${key}" has ${siblings.length} values that were written side by side. Look at them with "holdfast kv get", then write what is to be in their place with --resolve.`);
    }
    return { context, supersedesOwn: true };
  }

  async read(name: string, key: string, options: ReadOptions): Promise<KvState> {
    const { namespace } = this.#names.find(name);
    const state = await this.#parts.records.read(namespace, key, options).catch((error: unknown) => {
      if (codeOf(error) === "UNKNOWN_NAMESPACE") return undefined;
      throw error;
    });
    if (state?.isPartial === true && state.siblings.length === 0) throw new RecordsError("NOT_HELD", `Whether there is a key "${key}" in ${name} cannot be said: no host in reach has a complete copy. Try again when more are up.`);
    if (state === undefined) throw new KvError("NO_KEY", `There is no key "${key}" in ${name}. "holdfast kv scan ${name}" lists those there are.`);
    return shown(namespace, state);
  }

  async scan(name: string, options: ScanOptions): Promise<KvPage> {
    const { namespace } = this.#names.find(name);
    const page = await this.#parts.records.scan(namespace, options).catch((error: unknown): ScanPage => {
      if (codeOf(error) === "UNKNOWN_NAMESPACE") return { entries: [], next: undefined };
      throw error;
    });
    return { ...page, entries: page.entries.map((state) => shown(namespace, state)) };
  }

  async changes(name: string, position: string | undefined, signal: AbortSignal): Promise<AsyncIterable<KvChange>> {
    const { records } = this.#parts;
    const { namespace, genesis } = this.#names.find(name);
    if (!records.keeps(namespace, genesis)) throw new RecordsError("NOT_HELD", `This host keeps no copy of ${name}, so it does not see its changes. "holdfast kv follow ${name}" has it keep one.`);
    if (position !== undefined) checkPosition(position);
    return shownChanges(namespace, records.changes(namespace, position, signal, genesis));
  }

  async follow(name: string): Promise<void> {
    await this.#parts.records.follow(await this.#begin(name));
  }

  unfollow(name: string): Promise<void> {
    return this.#parts.records.unfollow(this.#names.find(name).namespace);
  }

  /** A namespace begins when somebody first writes in it or has a copy kept, and is never forgotten. */
  #begin(name: string): Promise<NamespaceId> {
    return this.#parts.records.create(this.#names.find(name).genesis);
  }
}
