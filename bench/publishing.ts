import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seconds, MB, MIB, median } from "./figures.ts";
import type { Tree } from "./content.ts";
import { copyAndSync, writeFilm, writeTree } from "./content.ts";
import type { Benchmark, Row } from "./plan.ts";
import { sized } from "./plan.ts";
import { watchProcessors } from "./processes.ts";

const NAMES = ["attic", "cellar", "barn", "shed", "roof"] as const;
const COPIES = 3;

interface Tried {
  readonly ownSeconds: number;
  readonly copySeconds: number;
  /** Cores kept busy by the host that publishes, and by the other four together. */
  readonly publisher: number;
  readonly others: number;
}

/** Publishing with the command that people type, into five hosts on this machine, three copies. */
export const publishing: Benchmark = {
  name: "publishing",
  async run({ size, bench, say }) {
    const hosts = await bench.network(NAMES, "40GB");
    const publisher = hosts[0]!;
    const folder = join(bench.folder, "content");
    const attempt = async (tree: Tree, name: string): Promise<Tried> => {
      const copied = join(bench.folder, "copied");
      const begun = performance.now();
      await copyAndSync(tree, copied, COPIES);
      const copySeconds = seconds(begun);
      await rm(copied, { recursive: true });
      const busy = watchProcessors(hosts.map((host) => host.pid));
      const started = performance.now();
      const { survives } = await publisher.ask<{ survives: number }>(["publish", tree.folder, "--name", name]);
      const ownSeconds = seconds(started);
      if (survives !== COPIES - 1) throw new Error(`published for the loss of ${survives} hosts, not ${COPIES - 1}`);
      const [first, ...rest] = busy();
      return { ownSeconds, copySeconds, publisher: first!, others: rest.reduce((sum, cores) => sum + cores, 0) };
    };
    const series = async (what: string, make: () => Promise<Tree>): Promise<{ readonly tree: Tree; readonly tried: readonly Tried[] }> => {
      const tried: Tried[] = [];
      let tree: Tree | undefined;
      for (let round = 0; round < sized(size, 3, 3); round += 1) {
        tree = await make();
        tried.push(await attempt(tree, `${what}${round}`));
        await rm(tree.folder, { recursive: true });
        await publisher.ask(["unpublish", `${what}${round}`]);
        say(`${what}: ${tried.at(-1)!.ownSeconds.toFixed(2)} s, copying ${tried.at(-1)!.copySeconds.toFixed(2)} s`);
      }
      return { tree: tree!, tried };
    };
    const film = await series("film", () => writeFilm(folder, sized(size, 64, 1_024) * MIB));
    const tree = await series("tree", () => writeTree(folder, sized(size, 500, 10_000)));
    const change = await oneChange(await writeTree(folder, sized(size, 500, 10_000)), sized(size, 3, 5), (tree) => publisher.ask<Published>(["publish", tree.folder, "--name", "changing"]));
    say(`one change: ${change.changes.map((each) => `${each.toFixed(2)} s`).join(", ")}`);
    return [
      row("publishing one large file, 3 copies", "MB/s", film.tree.sizeBytes / MB, film.tried),
      row("publishing a tree, 3 copies", "files/s", tree.tree.files.length, tree.tried),
      row("  the same", "MB/s", tree.tree.sizeBytes / MB, tree.tried),
      {
        what: `publishing one change among ${tree.tree.files.length.toLocaleString("en")} files`,
        value: median(change.changes),
        unit: "s",
        beside: { what: "all of them", value: change.first, unit: "s" },
        limit: "reading and hashing every file of the folder, to know which has changed",
        runs: change.changes,
      },
    ];
  },
};

interface Published {
  readonly head: { readonly sequence: number };
}

/** Publishes a tree, and again after each change of one of its files. In seconds. */
async function oneChange(tree: Tree, rounds: number, publish: (tree: Tree) => Promise<Published>): Promise<{ readonly first: number; readonly changes: readonly number[] }> {
  const timed = async (sequence: number): Promise<number> => {
    const started = performance.now();
    const { head } = await publish(tree);
    if (head.sequence !== sequence) throw new Error(`version ${head.sequence} came, not ${sequence}`);
    return seconds(started);
  };
  const first = await timed(1);
  const changes: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await writeFile(join(tree.folder, tree.files[round]!), `change ${round}`);
    changes.push(await timed(round + 2));
  }
  return { first, changes };
}

function row(what: string, unit: string, amount: number, tried: readonly Tried[]): Row {
  const middle = (field: keyof Tried): number => median(tried.map((each) => each[field]));
  return {
    what,
    value: amount / middle("ownSeconds"),
    unit,
    beside: { what: "cp and fsync, three times", value: amount / middle("copySeconds"), unit },
    limit: `${middle("publisher").toFixed(2)} cores at the publisher, ${middle("others").toFixed(2)} at the others: one machine does the work of five`,
    runs: tried.map(({ ownSeconds }) => amount / ownSeconds),
  };
}
