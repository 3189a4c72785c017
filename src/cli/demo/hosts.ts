import { join } from "node:path";
import type { DemoLink } from "../../door/index.ts";
import { ensureFolder, openForAppending, removeIfPresent } from "../../platform/index.ts";
import type { HostApi } from "../api.ts";
import { apiOf } from "../target.ts";
import type { Wanted } from "./child.ts";
import { HostProcess, runCommand } from "./child.ts";

/** Rooms of a house in which disks might stand. */
const NAMES = ["attic", "cellar", "pantry", "study", "garden", "loft", "porch", "workshop", "kitchen", "barn", "stairs", "cottage"];

/** How much each host of the demo may use. */
const CAPACITY = "2GB";
/** What one more loss would destroy is made anew when a host was away for so long. */
const REPAIR_AFTER_MS = 15_000;

export function nameOf(at: number): string {
  return NAMES[at] ?? `${NAMES[at % NAMES.length]}-${Math.floor(at / NAMES.length) + 1}`;
}

/** A host of the demo, as if it stood on a machine of its own: its own data, its own person, its own processes. */
export class DemoHost {
  readonly name: string;
  readonly data: string;
  readonly #config: string;
  readonly #log: string;
  readonly #listen: string | undefined;
  readonly #signal: AbortSignal;
  running: HostProcess | undefined;

  constructor(folder: string, name: string, listen: string | undefined, signal: AbortSignal) {
    this.name = name;
    this.data = join(folder, name);
    this.#config = join(folder, ".config", name);
    this.#log = join(folder, `${name}.log`);
    this.#listen = listen;
    this.#signal = signal;
  }

  /** Primed by a former run. */
  async isPrimed(): Promise<boolean> {
    const { describeDirectory } = await import("../../daemon/index.ts");
    return (await describeDirectory(this.data)) !== undefined;
  }

  async init(network: string): Promise<void> {
    await this.#clear();
    await this.command(["init", "--network", network, "--host", this.name, "--capacity", CAPACITY, "--data", this.data]);
  }

  /** One that has joined stays; what a former run left half done goes. */
  async joinBy(inviter: DemoHost): Promise<void> {
    await this.#clear();
    const { code } = (await inviter.command(["invite", "--data", inviter.data])) as { code: string };
    await this.command(["join", "-", "--host", this.name, "--capacity", CAPACITY, "--data", this.data], code);
  }

  async up(onWanted: (wanted: Wanted) => void): Promise<HostProcess> {
    const log = await openForAppending(this.#log);
    try {
      const where = this.#listen === undefined ? [] : ["--listen", this.#listen];
      this.running = await HostProcess.start(["up", "--data", this.data, ...where, "--no-discovery", "--log", "warn", "--demo"], { onWanted, config: this.#config, log: log.descriptor, signal: this.#signal });
      return this.running;
    } finally {
      await log.close();
    }
  }

  /** A link that opens its Browser once; undefined while it does not run. */
  link(): Promise<DemoLink | undefined> {
    // It may go meanwhile.
    return this.#asked(async (api) => ({ host: this.name, ...(await api.browserLink()) })).catch(() => undefined);
  }

  /** Whoever unplugs hosts is to see what they held made anew, and not to wait for an hour as in earnest. */
  async repairSoon(): Promise<void> {
    await this.#asked((api) => api.changeSettings({ repairAfterMs: REPAIR_AFTER_MS }));
  }

  /** Undefined while it does not run. */
  async #asked<Answer>(question: (api: HostApi) => Promise<Answer>): Promise<Answer | undefined> {
    const api = this.running === undefined ? undefined : await apiOf(this.data, this.#signal);
    try {
      return api === undefined ? undefined : await question(api);
    } finally {
      api?.close();
    }
  }

  /** Runs a command as this host's person. */
  command(args: readonly string[], input?: string): Promise<unknown> {
    return runCommand(args, { config: this.#config, signal: this.#signal, ...(input === undefined ? {} : { input }) });
  }

  async #clear(): Promise<void> {
    await removeIfPresent(this.data);
    await removeIfPresent(this.#config);
    await ensureFolder(this.#config);
  }
}
