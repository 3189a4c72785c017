import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { RecordsError } from "./errors.ts";
import { ASK_GENESIS } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { Replica } from "./replica.ts";

const TIMEOUT_MS = 3000;

export interface LearnerParts {
  readonly replica: Replica;
  readonly peers: Peers;
  readonly network: NetworkId;
  readonly inReach: () => readonly HostId[];
}

/** Comes to know namespaces: by making them, or by asking those who do. */
export class Learner {
  readonly #env: Env;
  readonly #parts: LearnerParts;

  constructor(env: Env, parts: LearnerParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** @throws RecordsError REFUSED for one of another network */
  async create(genesis: Genesis): Promise<NamespaceId> {
    const namespace = namespaceIdOf(genesis);
    const { network, replica } = this.#parts;
    if (genesis.network !== network && (namespace as string) !== network) throw new RecordsError("REFUSED", `A namespace of another network cannot be created in ${network}.`);
    await replica.know(namespace, genesis);
    return namespace;
  }

  /** @throws RecordsError UNKNOWN_NAMESPACE when nobody in reach knows it either */
  async learn(namespace: NamespaceId, signal: AbortSignal | undefined): Promise<Genesis> {
    const { replica, peers, inReach } = this.#parts;
    for (const peer of [undefined, ...peers.nearest(inReach())]) {
      if (peer !== undefined) await this.#ask(peer, namespace, signal);
      signal?.throwIfAborted();
      const known = replica.geneses.get(namespace);
      if (known !== undefined) return known;
    }
    throw new RecordsError("UNKNOWN_NAMESPACE", `Neither this host nor any in reach knows a namespace ${namespace}.`);
  }

  async #ask(peer: HostId, namespace: NamespaceId, signal: AbortSignal | undefined): Promise<void> {
    const { replica, peers, network } = this.#parts;
    try {
      const { genesis: bytes } = await peers.ask(peer, ASK_GENESIS, { namespace }, TIMEOUT_MS, signal);
      const genesis = bytes === null ? undefined : genesisCodec.decode(bytes);
      const isOurs = genesis?.network === network && namespaceIdOf(genesis) === namespace;
      if (genesis !== undefined && isOurs) await replica.know(namespace, genesis);
    } catch (error) {
      this.#env.log.debug("a genesis could not be asked for", { peer, namespace, error });
    }
  }
}
