import type { NamespaceId, NetworkId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { readyCodec, readyKeyOf } from "./marks.ts";
import type { ClusterView, Context } from "./port.ts";
import type { Replica } from "./replica.ts";

export interface AnnouncerParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly network: NetworkId;
}

/** What a host says of its own copies in the network's namespace. */
export class Announcer {
  readonly #env: Env;
  readonly #parts: AnnouncerParts;
  #patientUntilMs = 0;

  constructor(env: Env, parts: AnnouncerParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** @param patienceMs for so long it waits for others to confirm this host's disk before it says anything by itself: that is not worth a new incarnation */
  start(patienceMs: number): void {
    this.#patientUntilMs = this.#env.clock.monotonicMs() + patienceMs;
  }

  /** Tells all others of which groups this host's copy is complete, when that has changed and the host is one of them. */
  async tellReadiness(): Promise<void> {
    const { cluster, replica } = this.#parts;
    const { readiness, numbering, identity } = replica;
    const ready = readiness.unpublished(numbering.store);
    if (ready === undefined || !cluster.members().includes(cluster.self)) return;
    if (!identity.isConfirmed && this.#env.clock.monotonicMs() < this.#patientUntilMs) return;
    await this.tell(readyKeyOf(cluster.self), readyCodec.encode(ready));
  }

  /** @param context what is superseded by it */
  async tell(key: string, value: Uint8Array, context?: Context): Promise<void> {
    const { replica, network } = this.#parts;
    await replica.write([{ namespace: network as string as NamespaceId, key, value, ...(context === undefined ? {} : { context }) }], "host");
  }
}
