import { majority } from "../../../src/cluster/index.ts";
import type { DiskLoss, History } from "../world/history.ts";
import type { SimHost } from "../world/host.ts";
import type { World } from "../world/world.ts";
import type { Judgement } from "./judgement.ts";

const LOOK_EVERY_MS = 250;
/** A coordinator ends when it has not been answered by a majority for two seconds; its beats, questions under way and slow paths take their time. */
const PATIENCE_MS = 7_000;

/**
 * I11: two coordinators of one term there are never, and who does not reach a majority of the voters it knows soon coordinates no more. Looked
 * at all the time; a host that is stopped knows nothing of time. Exempt are terms of voters a majority of whom had lost their disks, what they
 * voted being known to nobody, and those in which a voter had taken part whose disk was then set back to an earlier one: it does not know that
 * it has forgotten anything (THREATS).
 */
export class Coordination {
  readonly #world: World;
  readonly #history: History;
  readonly #terms = new Map<number, SimHost>();
  readonly #lonelySinceMs = new Map<SimHost, number>();
  readonly #findings: string[] = [];
  #exempt = 0;

  constructor(world: World, history: History) {
    this.#world = world;
    this.#history = history;
  }

  begin(): void {
    for (const host of this.#world.hosts) this.#look(host);
    this.#world.time.after(LOOK_EVERY_MS, () => this.begin());
  }

  judgement(): Judgement {
    return { invariant: "I11", judged: this.#terms.size, exempt: this.#exempt, findings: this.#findings };
  }

  #look(host: SimHost): void {
    const { circle, isPaused, id, name } = host;
    const known = isPaused ? undefined : circle?.cluster.coordinator();
    if (known?.host !== id) return void this.#lonelySinceMs.delete(host);
    const other = this.#terms.get(known.term) ?? host;
    this.#terms.set(known.term, other);
    const { hosts } = circle!.cluster.register.configuration;
    if (other !== host) {
      this.#terms.set(known.term, host);
      const losses = this.#history.losses.filter((loss) => hosts.includes(loss.host.id));
      const forgetful = hosts.filter((voter) => losses.some((loss) => loss.host.id === voter));
      if (forgetful.length >= majority(hosts.length) || losses.some((loss) => isSetBehind(loss, known.term))) this.#exempt += 1;
      else this.#findings.push(`${name} and ${other.name} have both coordinated term ${known.term}, and of ${hosts.length} voters ${forgetful.length} had lost their disks`);
    }
    const reached = hosts.filter((voter) => voter === id || this.#reaches(host, voter)).length;
    if (reached >= majority(hosts.length)) return void this.#lonelySinceMs.delete(host);
    const { nowMs } = this.#world.time;
    const sinceMs = this.#lonelySinceMs.get(host) ?? nowMs;
    this.#lonelySinceMs.set(host, sinceMs);
    if (nowMs - sinceMs > PATIENCE_MS) this.#findings.push(`${name} coordinates term ${known.term}, though for ${Math.round(nowMs - sinceMs)} ms it has reached only ${reached} of ${hosts.length} voters`);
  }

  #reaches(host: SimHost, voter: SimHost["id"]): boolean {
    const { paths } = this.#world.wire;
    return this.#world.hostOf(voter)?.isUp === true && paths.passes(host.id, voter) && paths.passes(voter, host.id);
  }
}

/** Whether a disk that had heard of a term was set back to one that had not. */
function isSetBehind({ terms: { before, after } }: DiskLoss, term: number): boolean {
  return before !== undefined && after !== undefined && before >= term && after < term;
}
