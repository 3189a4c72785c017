import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { timed } from "./attack.ts";
import { Bench, allSee, until } from "./harness.ts";
import type { Machine } from "./namespaces.ts";
import { Switch } from "./namespaces.ts";

const OTHER_PORTS = ["--http-port", "0", "--peer-port", "0"] as const;
/** A publication is answered within this, whatever is cut off; a hang would last for ever. */
const PATIENCE_MS = 15_000;

interface SiteRow {
  readonly name: string;
  readonly owner: string;
  readonly head: { readonly root: string; readonly sequence: number } | null;
}

/** All sites with their owners and heads, as one host tells it. */
async function sitesOf(machine: Machine): Promise<string> {
  const rows = await machine.ask<SiteRow[]>(["sites"]);
  const lines = rows.flatMap(({ name, owner, head }) => (head === null ? [] : [`${name} ${owner} ${head.root} ${head.sequence}`]));
  return lines.sort().join("\n");
}

async function publish(machine: Machine, bench: Bench, name: string, words: string): Promise<void> {
  const folder = join(bench.folder, `${machine.name}-${name}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), words);
  const { result, tookMs } = await timed(() => machine.run(["publish", folder, "--name", name]));
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.ok(tookMs < PATIENCE_MS, `publishing on ${machine.name} took ${Math.round(tookMs)} ms`);
}

async function pageOf(machine: Machine, bench: Bench, name: string): Promise<string> {
  const to = join(bench.folder, `${machine.name}-got-${name}-${Math.random()}`);
  await machine.ask(["get", name, "--to", to]);
  return readFile(join(to, "index.html"), "utf8");
}

interface Entry {
  readonly key: string;
  readonly values: readonly { readonly base64: string }[];
}

/** All keys with their values, as one host tells it. */
async function notesOf(machine: Machine): Promise<string> {
  const { stdout } = await machine.run(["kv", "scan", "notes"]);
  const entries = stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Entry);
  return entries.map(({ key, values }) => `${key}=${values.map(({ base64 }) => Buffer.from(base64, "base64").toString()).sort().join("|")}`).join(" ");
}

function saw(feed: readonly Entry[], key: string): boolean {
  return feed.some((entry) => entry.key === key);
}

test("machines on one network go on by themselves when it is cut, and agree when it is whole again", { timeout: 240_000 }, async (t) => {
  await using bench = await Bench.make();
  await using net = new Switch(bench);
  const machines = ["attic", "cellar", "barn", "shed"].map((name) => net.add(name)) as [Machine, Machine, Machine, Machine];
  const [attic, cellar, barn, shed] = machines;
  await attic.ask(["init", "--network", "friends", "--host", "attic", "--capacity", "1GB"]);
  await attic.up();
  const invited = async (machine: Machine): Promise<void> => {
    const { code } = await attic.ask<{ code: string }>(["invite"]);
    await machine.ask(["join", "-", "--host", machine.name, "--capacity", "1GB"], code);
  };
  // Two of them are let in without a code: they find the host on the local network, and the digits on their screens are typed there.
  const admit = async (digits: string): Promise<void> => void (await attic.ask(["nearby", "admit", ...digits.match(/.../g)!]));
  const tryOthersAndAdmit = async (digits: string): Promise<void> => {
    const [{ applicants }, { code }] = await Promise.all([attic.ask<{ applicants: { readonly host: string; readonly address: string }[] }>(["nearby", "list"]), attic.run(["nearby", "admit", digits === "000000" ? "000001" : "000000"])]);
    assert.deepEqual(applicants.filter(({ host }) => host === "shed").map(({ address }) => address), [shed.address]);
    assert.equal(code, 3, "other digits let nobody in");
    await admit(digits);
  };
  await Promise.all([invited(cellar), barn.joinAtTerminal(admit), shed.joinNearby("attic", tryOthersAndAdmit)].map(async (joined, at) => joined.then(() => [cellar, barn, shed][at]!.up())));
  await allSee(machines, 20_000);
  await publish(attic, bench, "blog", "before the cut");
  await attic.ask(["kv", "put", "notes", "before", "x"]);
  const feeds = [cellar, shed].map((machine) => machine.gather<Entry>(["kv", "watch", "notes"]));
  await until("both feeds have begun", 20_000, () => feeds.every((feed) => saw(feed, "before")));

  await t.test("two halves serve and write, each for itself", async () => {
    net.split(attic, cellar);
    assert.deepEqual([await attic.reaches(barn), await shed.reaches(cellar), await attic.reaches(cellar), await barn.reaches(shed)], [false, false, true, true], "the cut is there, and only there");
    // At once, before anybody has noticed.
    await Promise.all([publish(attic, bench, "left", "left"), publish(barn, bench, "right", "right")]);
    await Promise.all([attic.ask(["kv", "put", "notes", "left", "1"]), barn.ask(["kv", "put", "notes", "right", "2"]), attic.ask(["kv", "put", "notes", "same", "of the left", "--blind"]), shed.ask(["kv", "put", "notes", "same", "of the right", "--blind"])]);
    await until("each half's feed goes on", 10_000, () => saw(feeds[0]!, "left") && saw(feeds[1]!, "right"));
    assert.deepEqual([saw(feeds[0]!, "right"), saw(feeds[1]!, "left")], [false, false], "nothing crosses the cut");
    await until("each half has noticed", 20_000, async () => (await attic.online()).join() === "attic,cellar" && (await shed.online()).join() === "barn,shed");
    await Promise.all([publish(cellar, bench, "same", "of the left"), publish(shed, bench, "same", "of the right"), publish(attic, bench, "blog", "during the cut")]);
    assert.equal(await pageOf(cellar, bench, "blog"), "during the cut");
    assert.equal(await pageOf(barn, bench, "blog"), "before the cut");
    assert.equal(await pageOf(shed, bench, "right"), "right");
  });

  await t.test("whole again, all agree, also on who has the name that both sides gave away", async () => {
    net.heal();
    assert.ok(await attic.reaches(barn));
    await allSee(machines, 60_000);
    await until("all have the same sites", 20_000, async () => new Set(await Promise.all(machines.map(sitesOf))).size === 1);
    assert.deepEqual((await sitesOf(shed)).split("\n").map((line) => line.split(" ")[0]), ["blog", "left", "right", "same"]);
    await until("both feeds have seen what the other half wrote", 20_000, () => feeds.every((feed) => ["left", "right", "same"].every((key) => saw(feed, key))));
    await until("all have the same keys and values", 20_000, async () => (await Promise.all(machines.map(notesOf))).every((notes) => notes === "before=x left=1 right=2 same=of the left|of the right"));
    for (const machine of machines) assert.equal(await pageOf(machine, bench, "blog"), "during the cut");
    assert.equal(new Set(await Promise.all(machines.map((machine) => pageOf(machine, bench, "same")))).size, 1);
  });

  await t.test("one that is alone reads and writes, and what it wrote arrives", async () => {
    net.split(shed);
    assert.deepEqual([await shed.reaches(attic), await attic.reaches(barn)], [false, true]);
    await publish(shed, bench, "lonely", "written alone");
    assert.equal(await pageOf(shed, bench, "right"), "right", "it reads what it holds");
    net.heal();
    await until("it is everywhere", 60_000, async () => (await Promise.all([attic, cellar, barn].map((machine) => pageOf(machine, bench, "lonely")))).every((page) => page === "written alone"));
  });

  await t.test("machines that know no address of each other any more find each other on the local network", async () => {
    await Promise.all([barn, shed, attic, cellar].map((machine) => machine.kill()));
    await Promise.all([barn.up(...OTHER_PORTS), shed.up(...OTHER_PORTS, "--no-discovery")]);
    await sleep(5_000);
    assert.deepEqual(await barn.online(), ["barn"], "without looking, nobody is found");
    await shed.kill();
    await shed.up(...OTHER_PORTS);
    await allSee([barn, shed], 40_000);
  });
});
