import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, TestHost } from "./harness.ts";
import { allSee } from "./harness.ts";

/** A host to be, and whose it is: the person's own, or a friend's. */
export interface Plan {
  readonly name: string;
  readonly capacityBytes: number;
  readonly isFriends?: true;
}

export interface Household {
  readonly all: readonly TestHost[];
  /** Those that act for the one person who stores private content. */
  readonly own: readonly TestHost[];
  readonly friends: readonly TestHost[];
  readonly phrase: string;
}

/** A network of running hosts, of which some are one person's and the others each a friend's. The first plan is the person's. */
export async function household(bench: Bench, plans: readonly Plan[]): Promise<Household> {
  const all = plans.map(({ name }) => bench.host(name));
  const first = all[0]!;
  await first.ask(["init", "--network", "friends", "--host", first.name, "--capacity", `${plans[0]!.capacityBytes}B`]);
  await first.up();
  const { phrase } = await first.ask<{ phrase: string }>(["key", "export"]);
  const waiting = plans.slice(1).map((plan, at) => ({ plan, host: all[at + 1]! }));
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { plan, host } = next;
      const { code } = await first.ask<{ code: string }>(["invite"]);
      const [own, input] = plan.isFriends === true ? [[], code] : [["--phrase"], `${code}\n${phrase}`];
      await host.ask(["join", "-", ...own, "--host", plan.name, "--capacity", `${plan.capacityBytes}B`], input);
      await host.up();
    }
  };
  await Promise.all([lane(), lane()]);
  await allSee(all, 120_000);
  const isFriends = (host: TestHost): boolean => plans.find(({ name }) => name === host.name)!.isFriends === true;
  return { all, own: all.filter((host) => !isFriends(host)), friends: all.filter(isFriends), phrase };
}

/** Stores a file or folder privately and gives its id. */
export async function put(host: TestHost, path: string, ...options: readonly string[]): Promise<string> {
  return (await host.ask<{ entry: { id: string } }>(["put", path, ...options])).entry.id;
}

let fetched = 0;

/** Fetches private content into a folder of its own, and names that. */
export async function fetchOn(host: TestHost, id: string, ...options: readonly string[]): Promise<string> {
  fetched += 1;
  const folder = join(host.bench.folder, `fetched-${fetched}-${host.name}`);
  await mkdir(folder);
  await host.ask(["fetch", id, "--to", folder, ...options]);
  return folder;
}

/** Takes from a host's disk what it has kept of others' packs, so that the next fetch is from them. */
export async function emptyCache({ data }: TestHost): Promise<void> {
  for (const name of await readdir(join(data, "cache"))) await rm(join(data, "cache", name), { recursive: true, force: true });
}
