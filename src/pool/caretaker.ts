import type { HostId, NamespaceId, PackId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import { Auditor } from "./audit/auditor.ts";
import { Challenger } from "./audit/challenge.ts";
import { OwnChallenges } from "./audit/own-challenges.ts";
import { Prover } from "./audit/prover.ts";
import { Testimony } from "./audit/testimony.ts";
import { Witness } from "./audit/witness.ts";
import type { Catalog, PackFacts } from "./record/catalog.ts";
import type { Offers, Piece } from "./write/offer.ts";
import type { PoolParts } from "./parts.ts";
import { RepairCoordinator } from "./repair/coordinator.ts";
import { Rebuilder } from "./repair/rebuilder.ts";
import { Returns } from "./repair/returns.ts";
import { DEFAULT_RATE_BYTES, Throttle } from "./repair/throttle.ts";
import { SCRUB_PERIOD_MS, Scrub } from "./hold/scrub.ts";

/** A look at the hosts' standing is cheap, and the packs are looked through only when it has changed. */
const REPAIR_EVERY_MS = 10_000;
const AUDIT_EVERY_MS = 3_600_000;
/** Hosts that started together would else audit each other at the same moment each time, and be too busy to answer. */
const AUDIT_SPREAD = 1 / 4;
/** More than 24 days is more than a timer can wait for. */
const AUDIT_EVERY_MAX_MS = 20 * 24 * 3_600_000;
/** A host that has just come has much to catch up with, and several may have come with it. */
const AUDIT_SETTLE_MS = 60_000;
const SCRUB_EVERY_MS = 60_000;
/** A period of seconds, as tests have, must not wait for minutes. */
const SCRUB_TURNS_MIN = 4;

export interface CaretakerParts {
  readonly catalog: Catalog;
  readonly offers: Offers;
  /** A piece with its label and bytes from wherever they are. */
  readonly pieceOf: (facts: PackFacts, index: number) => Piece;
  /** Called when pieces of this host turned out damaged. */
  readonly onDamage: () => void;
}

/** What finds out whether pieces are where they should be, and makes anew those that are not: repair, scrub and audits. */
export class Caretaker {
  readonly repair: RepairCoordinator;
  readonly repairing: Worker;
  readonly auditing: Worker;
  /** How long after a host has come it is audited. */
  readonly auditSettleMs: number;
  readonly #auditor: Auditor;
  readonly workers: readonly Worker[];
  /** Told by whoever serves leaves. */
  readonly witness: Witness;

  constructor(env: Env, parts: PoolParts, { catalog, offers, pieceOf, onDamage }: CaretakerParts) {
    this.witness = new Witness(env.clock);
    const auditEveryMs = parts.audit.everyMs ?? AUDIT_EVERY_MS;
    const own = new OwnChallenges(env.clock, auditEveryMs);
    const challenger = new Challenger(env, parts);
    new Prover(env, parts, this.witness, own).register();
    this.#auditor = new Auditor({ env, parts, catalog, challenger, testimony: new Testimony({ env, parts, catalog, witness: this.witness, own }), own, everyMs: auditEveryMs });
    this.auditSettleMs = Math.min(AUDIT_SETTLE_MS, auditEveryMs * AUDIT_SPREAD);
    const rebuilder = new Rebuilder({ env, parts, catalog, offers, pieceOf, throttle: new Throttle(env, parts.repair.bytesPerSecond ?? DEFAULT_RATE_BYTES) });
    this.repair = new RepairCoordinator({ env, parts, catalog, rebuilder, returns: new Returns(env, parts, catalog, { ask: (host, leaves, signal) => own.during(leaves.map(({ pack }) => pack), () => challenger.ask(host, leaves, signal)) }) });
    const { periodMs = SCRUB_PERIOD_MS } = parts.scrub;
    const scrub = new Scrub({ env, store: parts.store, log: parts.notes, periodMs, onDamage });
    this.repairing = new Worker(env, { name: "repair", everyMs: REPAIR_EVERY_MS, work: (turn) => this.repair.turn(turn) });
    this.auditing = new Worker(env, { name: "audit", everyMs: Math.min(AUDIT_EVERY_MAX_MS, auditEveryMs * (1 + env.random.fraction() * AUDIT_SPREAD)), work: (turn) => this.#auditor.turn(turn) });
    this.workers = [
      this.repairing,
      this.auditing,
      new Worker(env, { name: "scrub", everyMs: Math.min(SCRUB_EVERY_MS, periodMs / SCRUB_TURNS_MIN), work: (turn) => scrub.turn(turn) }),
    ];
  }

  /** Whether a host that has come should be audited soon: when this one started it was not there, or it has been away. */
  awaitsAudit(host: HostId): boolean {
    return this.#auditor.awaits(host);
  }

  /** Notes that the records of these packs have changed. */
  changed(namespace: NamespaceId, packs: ReadonlySet<PackId>): void {
    this.repair.survey.note(namespace, packs);
  }
}
