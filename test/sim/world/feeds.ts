import type { NamespaceId } from "../../../src/codec/index.ts";
import type { Records } from "../../../src/records/index.ts";
import { messageOf } from "../../../src/platform/index.ts";
import type { Judgement } from "../checks/judgement.ts";
import type { SimHost } from "./host.ts";
import type { SeededRandom } from "./random.ts";
import type { KeyView } from "./shown.ts";
import { shownBy } from "./workload.ts";
import type { Namespace } from "./workload.ts";
import type { World } from "./world.ts";

const STAY_MS = 4_000;
const PAUSE_MS = 500;

/** One reader of a namespace's changes, who goes from host to host with a position. */
export class FeedReader {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #namespace: Namespace;
  /** Every version that was ever shown, by key. */
  readonly #seen = new Map<string, Set<number>>();
  #position: string | undefined;
  #moves = 0;
  #stop = new AbortController();
  #isOver = false;

  constructor(world: World, namespace: Namespace) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#namespace = namespace;
  }

  get namespace(): NamespaceId {
    return this.#namespace.id;
  }

  /** Goes on from host to host until `end`. */
  begin(): void {
    if (this.#isOver) return;
    const hosts = this.#world.running();
    const host = hosts.length === 0 ? undefined : this.#random.pick(hosts);
    const again = (): void => void this.#world.time.after(this.#random.span(PAUSE_MS), () => this.begin());
    if (host === undefined) return again();
    const stop = new AbortController();
    this.#stop = stop;
    this.#world.time.after(this.#random.span(STAY_MS), () => stop.abort());
    this.#visit(host, stop.signal).then(again, again);
  }

  end(): void {
    this.#isOver = true;
    this.#stop.abort();
  }

  /** A last visit, in which all that there is must come; it lasts until `end` is called again. */
  finish(host: SimHost): void {
    this.#stop = new AbortController();
    void this.#visit(host, this.#stop.signal).catch(() => {});
  }

  judgement(views: readonly KeyView[]): Judgement {
    const own = views.filter(({ namespace }) => namespace === this.#namespace);
    const missing = own.flatMap(({ key, views: [first] }) => (first?.versions ?? []).filter((id) => this.#seen.get(key)?.has(id) !== true).map((id) => `version ${id} of ${key} never came to a reader who changed hosts ${this.#moves} times`));
    return { invariant: "feed", judged: own.length, exempt: 0, findings: missing };
  }

  async #visit(host: SimHost, signal: AbortSignal): Promise<void> {
    const records: Records | undefined = host.circle?.records;
    if (records === undefined) return;
    this.#moves += 1;
    await Promise.race([this.#follow(records, signal, host), host.ended]);
  }

  async #follow(records: Records, signal: AbortSignal, host: SimHost): Promise<void> {
    const { life } = host;
    try {
      for await (const { state, position } of records.changes(this.#namespace.id, this.#position, signal)) {
        if (!host.isStill(life) || signal.aborted) return;
        const { versions } = shownBy(this.#namespace.id, state.key, state);
        const seen = this.#seen.get(state.key) ?? new Set();
        for (const id of versions) seen.add(id);
        this.#seen.set(state.key, seen);
        this.#position = position;
      }
    } catch (error) {
      this.#world.trace.add(`${host.name} feed ${messageOf(error)}`);
    }
  }
}
