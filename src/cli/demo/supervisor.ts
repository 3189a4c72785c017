import { join } from "node:path";
import type { Env } from "../../platform/index.ts";
import { ensureFolder, messageOf } from "../../platform/index.ts";
import type { SiteRow } from "../../door/index.ts";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";
import type { HostProcess } from "./child.ts";
import { DemoHost, nameOf } from "./hosts.ts";
import { printReady } from "./words.ts";

// How a start goes: the first host is primed and started. Then the site is published on it, so that its first page is there at once,
// while all other hosts are invited, join and start side by side; the network itself makes the copies on them. A host that a former
// run primed is only started.

export interface DemoPlan {
  readonly folder: string;
  readonly hosts: number;
  /** The address on which the hosts await each other; undefined: all of this machine's. */
  readonly listen: string | undefined;
  readonly sampleSite: string;
}

const NETWORK = "kelp";
export const SITE = "welcome";
const COPIES = 3;
/** How long hosts that are asked to stop may take. */
const PATIENCE_MS = 5000;
/** How long the table waits for the site's copies. */
const COPIES_PATIENCE_MS = 5000;
const COPIES_EVERY_MS = 250;

export class Demo {
  readonly #env: Env;
  readonly #io: Io;
  readonly #plan: DemoPlan;
  readonly #signal: AbortSignal;
  readonly #hosts: readonly DemoHost[];
  readonly #began: number;
  readonly #allEnded = Promise.withResolvers<void>();
  /** Hosts that are being brought back. */
  readonly #starting = new Set<DemoHost>();

  constructor(env: Env, io: Io, plan: DemoPlan, signal: AbortSignal) {
    this.#env = env;
    this.#io = io;
    this.#plan = plan;
    this.#signal = signal;
    this.#began = env.clock.monotonicMs();
    this.#hosts = Array.from({ length: plan.hosts }, (_, at) => new DemoHost(plan.folder, nameOf(at), plan.listen, signal));
  }

  /** Starts all, tells, and stays until the signal is aborted or no host is left. Then ends all. */
  async run(): Promise<void> {
    try {
      await this.#start();
      await Promise.race([this.#allEnded.promise, this.#aborted()]);
      if (!this.#signal.aborted) this.#io.note("All hosts have stopped.");
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    } finally {
      await this.#end();
    }
  }

  async #start(): Promise<void> {
    await ensureFolder(join(this.#plan.folder, ".config"));
    const [first, ...others] = this.#hosts as [DemoHost, ...DemoHost[]];
    const isNew = !(await first.isPrimed());
    this.#io.note(`${isNew ? "Making" : "Starting again"} a network of ${this.#hosts.length} hosts on this machine, in ${this.#plan.folder}`);
    if (isNew) await first.init(NETWORK);
    await this.#up(first);
    if (isNew) await first.repairSoon();
    // Whatever becomes of the site, no host may be left starting while the others are ended.
    const [site] = await Promise.allSettled([this.#publish(first), ...others.map((host) => this.#bringIn(host, first))]);
    this.#signal.throwIfAborted();
    if (site.status === "rejected") throw site.reason;
    printReady(this.#io, this.#hosts, await this.#copied(first, site.value), this.#plan);
  }

  /** A host that cannot be started is told of; the others do without it. */
  async #bringIn(host: DemoHost, first: DemoHost): Promise<void> {
    try {
      if (!(await host.isPrimed())) await host.joinBy(first);
      await this.#up(host);
    } catch (error) {
      if (!this.#signal.aborted) this.#io.note(`${host.name} could not be started: ${messageOf(error)}`);
    }
  }

  async #up(host: DemoHost): Promise<void> {
    const running = await host.up((wanted) => ("wish" in wanted ? this.#plug(wanted.wish.host, wanted.wish.isPlugged) : void this.#giveLinks(host, wanted.asksLinks)));
    this.#say(`  ${host.name.padEnd(10)} is up: ${running.ready.url}`);
    void running.ended.then((how) => this.#tellOfEnd(host, running, how)).catch((error: unknown) => this.#io.note(messageOf(error)));
  }

  /** Somebody who looks at the Browser takes a host away as a power cut does, or brings it back. */
  #plug(name: string, isPlugged: boolean): void {
    const host = this.#hosts.find((each) => each.name === name);
    if (host === undefined || this.#signal.aborted) return;
    if (!isPlugged) return host.running?.kill("SIGKILL");
    if (host.running !== undefined || this.#starting.has(host)) return;
    this.#starting.add(host);
    void this.#bringIn(host, this.#hosts[0]!).finally(() => this.#starting.delete(host));
  }

  /** Whoever is in the Browser of one host gets into those of the others, so that they can go on there when this one is unplugged. */
  async #giveLinks(host: DemoHost, to: number): Promise<void> {
    const links = await Promise.all(this.#hosts.filter((each) => each !== host).map((each) => each.link()));
    host.running?.answer({ to, links: links.filter((link) => link !== undefined) });
  }

  /** What a former run published is still there. */
  async #publish(first: DemoHost): Promise<SiteRow> {
    const known = (await this.#sites(first)).find((site) => site.name === SITE && site.head !== null);
    if (known !== undefined) return known;
    const { site } = (await first.command(["publish", this.#plan.sampleSite, "--name", SITE, "--copies", String(COPIES), "--data", first.data])) as { site: SiteRow };
    this.#say(`  the sample site is there: ${site.address}`);
    return site;
  }

  /** The site with its copies, as far as they are there within a few seconds. */
  async #copied(first: DemoHost, site: SiteRow): Promise<SiteRow> {
    const wanted = Math.min(COPIES, this.#hosts.filter((host) => host.running !== undefined).length) - 1;
    const deadline = this.#env.clock.monotonicMs() + COPIES_PATIENCE_MS;
    for (let found = site; ; found = (await this.#sites(first)).find(({ name }) => name === SITE) ?? site) {
      if ((found.survives ?? 0) >= wanted || this.#env.clock.monotonicMs() > deadline) return found;
      await this.#env.timers.sleep(COPIES_EVERY_MS, this.#signal);
    }
  }

  async #sites(first: DemoHost): Promise<readonly SiteRow[]> {
    return (await first.command(["sites", "--data", first.data])) as SiteRow[];
  }

  #say(words: string): void {
    const seconds = (this.#env.clock.monotonicMs() - this.#began) / 1000;
    this.#io.note(`${words}  (after ${seconds.toFixed(1)} s)`);
  }

  #tellOfEnd(host: DemoHost, process: HostProcess, how: string): void {
    if (host.running !== process) return;
    host.running = undefined;
    if (this.#signal.aborted) return;
    const left = this.#hosts.filter((each) => each.running !== undefined).map((each) => each.name);
    if (left.length + this.#starting.size === 0) this.#allEnded.resolve();
    const served = left.length === 0 ? "Nobody serves the site now." : `The site is still served by ${left.join(", ")}.`;
    this.#io.note(`${host.name} ${how}. ${served}`);
  }

  #aborted(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#signal.aborted) resolve();
      this.#signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Asks all to stop, and after five seconds makes those stop that have not. */
  async #end(): Promise<void> {
    const running = this.#hosts.flatMap((host) => (host.running === undefined ? [] : [host.running]));
    for (const each of running) each.kill("SIGTERM");
    const late = this.#env.timers.after(PATIENCE_MS, () => {
      for (const each of running) each.kill("SIGKILL");
    });
    await Promise.all(running.map((each) => each.ended));
    late.cancel();
  }
}

/** @throws CliError DEMO_FAILED when the demo of this folder runs already */
export async function refuseSecond(folder: string): Promise<void> {
  const { readApiAddress } = await import("../../daemon/index.ts");
  const address = await readApiAddress(join(folder, nameOf(0)));
  if (address === undefined) return;
  try {
    await fetch(address.url, { signal: AbortSignal.timeout(1000) });
  } catch {
    return;
  }
  throw new CliError("DEMO_FAILED", `The demo in ${folder} runs already (its first host is process ${address.pid}). End it with Ctrl-C where it was started, or take another folder with --dir.`);
}
