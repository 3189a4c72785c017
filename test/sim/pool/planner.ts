import type { HostId, NamespaceId, PackId } from "../../../src/codec/index.ts";
import type { Outcome, Challenged } from "../../../src/pool/audit/challenge.ts";
import { REBUILD, orderAnswerCodec, orderCodec } from "../../../src/pool/repair/messages.ts";
import { RepairCoordinator } from "../../../src/pool/repair/coordinator.ts";
import { Returns } from "../../../src/pool/repair/returns.ts";
import type { Holding } from "../../../src/pool/port.ts";

import type { Machine } from "./machines.ts";
import type { HostView, SimulatedNetwork, SimulatedPack } from "./network.ts";

/** What a host's records say of who holds a pack. */
export type HoldingsOf = (pack: SimulatedPack) => readonly Holding[];

/** One host's coordinator: the program's own, on the simulated records. */
export class Planner {
  readonly host: HostId;
  readonly #network: SimulatedNetwork;
  readonly #coordinator: RepairCoordinator;
  #isRunning = false;
  #isDue = false;

  /**
   * @param coordinator whom this host takes for the coordinator
   * @param mistake how it sees the hosts, where it is not as they are
   */
  constructor(network: SimulatedNetwork, { host }: Machine, coordinator: () => HostId | undefined, holdingsOf: HoldingsOf = ({ holdings }) => holdings, mistake: Partial<Pick<HostView, "presence" | "roster">> = {}) {
    this.host = host;
    this.#network = network;
    const view = { ...network.viewOf(host, coordinator), ...mistake };
    const catalog = {
      *all() {
        for (const { facts } of network.packs.values()) yield facts;
      },
      facts: (_: NamespaceId, pack: PackId) => network.packs.get(pack)?.facts,
      holdings: (_: NamespaceId, pack: PackId) => holdingsOf(this.#pack(pack)),
    };
    const transport = { handle: () => {}, request: (to: HostId, kind: string, body: Uint8Array) => this.#request(to, kind, body) };
    const parts = { ...view, transport, freeBytes: () => 1e12, store: { availableBytes: async () => 1e12 } };
    const challenger = { ask: async (asked: HostId, leaves: readonly Challenged[]) => this.#challenge(asked, leaves) };
    const returns = new Returns(network.env, parts, catalog, challenger);
    const rebuilder = { make: async ({ pack, index }: { readonly pack: PackId; readonly index: number }) => await network.rebuild(host, host, this.#pack(pack), index) };
    this.#coordinator = new RepairCoordinator({ env: network.env, parts, catalog, returns, rebuilder });
  }

  /** Plans again, after what is under way. */
  nudge(): void {
    this.#isDue = true;
    if (!this.#isRunning) void this.#run();
  }

  note(pack: SimulatedPack): void {
    this.#coordinator.survey.note(pack.facts.namespace, new Set([pack.facts.pack]));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isDue) {
      this.#isDue = false;
      await this.#coordinator.turn({ signal: new AbortController().signal, report: () => {} });
    }
    this.#isRunning = false;
  }

  #pack(pack: PackId): SimulatedPack {
    return this.#network.packs.get(pack)!;
  }

  async #request(to: HostId, kind: string, body: Uint8Array): Promise<Uint8Array> {
    if (kind !== REBUILD) throw new Error(`nobody answers ${kind} here`);
    const { pack, index } = orderCodec.decode(body);
    const why = await this.#network.rebuild(this.host, to, this.#pack(pack), index);
    return orderAnswerCodec.encode(why === undefined ? { kind: "done", value: {} } : { kind: "refused", value: { why } });
  }

  #challenge(asked: HostId, leaves: readonly Challenged[]): Outcome[] {
    const { disk } = this.#network.machines.get(asked)!;
    return leaves.map(({ pack, index }) => (disk.has(`${pack}/${index}`) ? "right" : "absent"));
  }
}
