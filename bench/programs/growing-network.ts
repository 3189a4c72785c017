import "../../test/sim/stand-ins/register.ts";

// A simulated network on virtual time: the daemon's own classes. Counts the messages that arrive.
const { World } = await import("../../test/sim/world/world.ts");
const { genesisOf } = await import("../../src/kv/genesis.ts");
const { utf8 } = await import("../../src/codec/index.ts");

const [count, idleSeconds] = process.argv.slice(2).map(Number) as [number, number];
const WRITES = 20;
const SETTLE_MS = 20_000;
const JOIN_MS = 6_000;

const heard = new Map<string, number>();
const world = new World({
  seed: 1,
  quality: { delayMs: 1, jitterMs: 1, lossFraction: 0, duplicateFraction: 0 },
  readAlong(line) {
    const [, , verb, , ...kind] = line.split(" ");
    if (verb === "hears") heard.set(kind.slice(0, -1).join(" "), (heard.get(kind.slice(0, -1).join(" ")) ?? 0) + 1);
  },
});

/** Messages of each kind that arrive while something happens; answers count. */
async function during(happening: () => Promise<unknown>): Promise<Map<string, number>> {
  heard.clear();
  await happening();
  return new Map(heard);
}

function sum(messages: ReadonlyMap<string, number>): number {
  return [...messages.values()].reduce((total, each) => total + each, 0);
}

const pass = (ms: number): Promise<void> => world.time.run(world.time.nowMs + ms);

await world.found(count);
await pass(SETTLE_MS);
const idle = await during(() => pass(idleSeconds * 1000));
const founder = world.hosts[0]!;
const genesis = genesisOf(world.network.id, null, "growth", { replicas: 3, shards: 16 });
const namespace = await world.time.settle("a namespace", founder.circle!.records.create(genesis));
const writing = await during(async () => {
  for (let at = 0; at < WRITES; at += 1) {
    await world.time.settle("a write", founder.circle!.records.write([{ namespace, key: `k${at}`, value: utf8("v") }]));
    await pass(100);
  }
});
const joining = await during(async () => {
  const host = await world.time.settle("a joining", world.join(founder));
  host.start();
  await pass(JOIN_MS);
});
const pushes = (messages: ReadonlyMap<string, number>): number => [...messages].filter(([kind]) => kind.includes("push")).reduce((total, [, each]) => total + each, 0);
const perHostHour = (sum(idle) / count / idleSeconds) * 3600;
const byKind = [...idle].sort(([, a], [, b]) => b - a).slice(0, 4).map(([kind, each]) => ({ kind, perHostHour: (each / count / idleSeconds) * 3600 }));
process.stdout.write(`${JSON.stringify({ perHostHour, byKind, perWrite: pushes(writing) / WRITES, perJoining: sum(joining) - sum(idle) * (JOIN_MS / 1000 / idleSeconds) })}\n`);
process.exit();
