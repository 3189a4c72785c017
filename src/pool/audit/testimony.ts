import type { HostId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { Catalog } from "../record/catalog.ts";
import type { PoolParts } from "../parts.ts";
import type { Challenged } from "./challenge.ts";
import type { Answered } from "./ledger.ts";
import { NEVER, WITNESS, witnessAnswerCodec, witnessCodec } from "./messages.ts";
import type { OwnChallenges } from "./own-challenges.ts";
import type { Witness } from "./witness.ts";

const ASK_MS = 2_000;
/** What is lost by rounding, and as two clocks do not run at quite the same rate. */
const CLOCKS_MS = 10;

/** When the challenge went out and when its answer came, by this host's monotonic clock. */
export interface Span {
  readonly sentMs: number;
  readonly answeredMs: number;
}

export interface TestimonyParts {
  readonly env: Env;
  readonly parts: PoolParts;
  readonly catalog: Catalog;
  readonly witness: Witness;
  readonly own: Pick<OwnChallenges, "apartMs">;
}

/** Finds out, from those who hold the same packs, whether a host fetched what it was challenged for. */
export class Testimony {
  readonly #with: TestimonyParts;

  constructor(parts: TestimonyParts) {
    this.#with = parts;
  }

  /** The pieces for which the host asked others while it was being challenged for them, with who saw it. */
  async about(host: HostId, pieces: readonly Challenged[], span: Span, signal: AbortSignal): Promise<ReadonlyMap<Challenged, Answered>> {
    const { env, parts, witness, own } = this.#with;
    const asked = pieces.filter((piece) => !this.#mayRead(host, piece));
    const holders = new Map<HostId, Challenged[]>();
    for (const piece of asked) for (const other of this.#holders(piece)) if (other !== host) holders.set(other, [...(holders.get(other) ?? []), piece]);
    const seen = new Map<Challenged, Answered>();
    const note = (piece: Challenged, other: HostId): void => {
      const zone = parts.roster().members.get(other)?.zone ?? "";
      const before = seen.get(piece);
      seen.set(piece, { outcome: "fetched", seenIn: [...(before?.seenIn ?? []), zone], isSeenHere: before?.isSeenHere === true || other === parts.self });
    };
    const hear = async (other: HostId, about: readonly Challenged[]): Promise<void> => {
      const isHere = other === parts.self;
      const askedMs = env.clock.monotonicMs();
      const ago = isHere ? about.map(({ pack }) => witness.agoMs(host, pack)) : await this.#ask(other, host, about.map(({ pack }) => pack), signal);
      const heardMs = env.clock.monotonicMs();
      // Its clock does not matter: it says how long ago. Only what the question itself took stays in doubt.
      // An honest host leaves so much between an answer and a question of its own; if all this took longer, the two cannot be told apart.
      if (span.answeredMs - span.sentMs + (heardMs - askedMs) >= own.apartMs - CLOCKS_MS) return;
      const isWithin = (agoMs: number | undefined): boolean => agoMs !== undefined && heardMs - agoMs >= span.sentMs && askedMs - agoMs <= span.answeredMs;
      for (const [at, piece] of about.entries()) if (isWithin(ago?.[at])) note(piece, other);
    };
    await Promise.all([...holders].map(([other, about]) => hear(other, about)));
    return seen;
  }

  /** The owner's hosts read their own packs, whatever they hold of them. */
  #mayRead(host: HostId, { namespace, pack }: Challenged): boolean {
    const { parts, catalog } = this.#with;
    const isCoded = (catalog.facts(namespace, pack)?.k ?? 1) > 1;
    return isCoded && parts.records.genesis(namespace)?.owner === parts.roster().members.get(host)?.account;
  }

  #holders({ namespace, pack }: Challenged): readonly HostId[] {
    const { parts, catalog } = this.#with;
    const hosts = new Set(catalog.holdings(namespace, pack).map(({ host }) => host));
    return [...hosts].filter((host) => host === parts.self || parts.presence(host) === "online");
  }

  async #ask(other: HostId, host: HostId, packs: readonly PackId[], signal: AbortSignal): Promise<readonly (number | undefined)[] | undefined> {
    const { env, parts } = this.#with;
    try {
      const ago = witnessAnswerCodec.decode(await parts.transport.request(other, WITNESS, witnessCodec.encode({ host, packs: [...packs] }), { timeoutMs: ASK_MS, signal }));
      return ago.map((each) => (each === NEVER ? undefined : each));
    } catch (error) {
      signal.throwIfAborted();
      env.log.debug("a witness did not answer", { host: other, error });
      return undefined;
    }
  }
}
