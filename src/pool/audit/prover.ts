import type { HostId, PackId } from "../../codec/index.ts";
import type { Env, TokenBucket } from "../../platform/index.ts";
import { Budgets, Limiter, codeOf } from "../../platform/index.ts";
import { PoolError } from "../errors.ts";
import { leafCountOf } from "../layout/leaves.ts";
import type { PoolParts } from "../parts.ts";
import type { OwnChallenges } from "./own-challenges.ts";
import { NEVER, PROVE, WITNESS, proofsCodec, proveCodec, witnessAnswerCodec, witnessCodec } from "./messages.ts";
import type { Witness } from "./witness.ts";

/** An auditor asks for 8 leaves an hour; whoever asks for many more is answered later. */
const LEAVES_PER_HOST = { perSecond: 32, burst: 256 };
/** Leaves read at once for all auditors together. */
const READING_MAX = 8;

type Question = ReturnType<typeof proveCodec.decode>[number];
type Proof = ReturnType<typeof proofsCodec.decode>[number];

/** The audited side: proves what this host holds, and bears witness to what others asked for. */
export class Prover {
  readonly #env: Env;
  readonly #parts: Pick<PoolParts, "roster" | "store" | "transport">;
  readonly #witness: Witness;
  readonly #own: OwnChallenges;
  readonly #budgets: Budgets;
  readonly #reading = new Limiter(READING_MAX);

  constructor(env: Env, parts: Pick<PoolParts, "roster" | "store" | "transport">, witness: Witness, own: OwnChallenges) {
    this.#env = env;
    this.#budgets = new Budgets(env.clock);
    this.#parts = parts;
    this.#witness = witness;
    this.#own = own;
  }

  register(): void {
    const { transport } = this.#parts;
    transport.handle(PROVE, (from, body, signal) => this.#prove(from, body, signal));
    transport.handle(WITNESS, async (from, body) => this.#bearWitness(from, body));
  }

  #admit(from: HostId): void {
    if (!this.#parts.roster().members.has(from)) throw new PoolError("REFUSED", "Only members of the network audit hosts.");
  }

  async #prove(from: HostId, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    this.#admit(from);
    const questions = proveCodec.decode(body);
    // Leaves may be fetched in this way too, by somebody who is being challenged for them.
    for (const { pack } of questions) this.#witness.note(from, pack);
    const budget = this.#budgets.of(from, LEAVES_PER_HOST);
    return proofsCodec.encode(await Promise.all(questions.map((question) => this.#reading.run(() => this.#answer(question, budget), signal))));
  }

  async #answer({ pack, index, leaf }: Question, budget: TokenBucket): Promise<Proof> {
    if (budget.level < 1 || !this.#own.mayAnswer(pack)) return { kind: "busy", value: {} };
    budget.take(1);
    const held = this.#parts.store.held(pack, index);
    if (held === undefined || leaf >= leafCountOf(held.sizeBytes)) return { kind: "absent", value: {} };
    try {
      const { bytes, proof } = await this.#parts.store.readProven(pack, index, leaf, 1);
      return { kind: "leaf", value: { bytes, proof: [...proof] } };
    } catch (error) {
      if (codeOf(error) === "PIECE_MISSING") return { kind: "absent", value: {} };
      this.#env.log.warn("a piece that this host is audited for cannot be read", { pack, index, error });
      return { kind: "damaged", value: {} };
    }
  }

  #bearWitness(from: HostId, body: Uint8Array): Uint8Array {
    this.#admit(from);
    const { host, packs } = witnessCodec.decode(body);
    const agoMs = (pack: PackId): number => Math.min(NEVER, Math.floor(this.#witness.agoMs(host, pack) ?? NEVER));
    return witnessAnswerCodec.encode(packs.map(agoMs));
  }
}
