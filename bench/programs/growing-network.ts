import "../../test/sim/stand-ins/register.ts";

// A simulated network on virtual time: the daemon's own classes. Counts the messages that arrive, answers included, and their bytes.
const { World } = await import("../../test/sim/world/world.ts");
const { genesisOf } = await import("../../src/kv/genesis.ts");
const { utf8 } = await import("../../src/codec/index.ts");

const [count, idleSeconds] = process.argv.slice(2).map(Number) as [number, number];
const WRITES = 20;
/** Until those who have just met ask each other as seldom as they are going to. */
const SETTLE_MS = 120_000 + 3_000 * count;
/** Until everybody knows the newcomer, its copies are complete and what others need no longer is deleted there. */
const JOIN_MS = 60_000;

const STEP_MS = 1_000;
const TELL_EVERY_MS = 60_000;

/** So many hosts come together one after the other; more begin as hosts that know each other. */
const MEETING_MAX = 100;

interface Heard {
  readonly messages: number;
  readonly bytes: number;
}

const heard = new Map<string, Heard>();
const world = new World({
  seed: 1,
  quality: { delayMs: 1, jitterMs: 1, lossFraction: 0, duplicateFraction: 0 },
  readAlong(line) {
    const [, , verb, , ...rest] = line.split(" ");
    if (verb !== "hears") return;
    const kind = rest.slice(0, -1).filter((word) => word !== "answer").join(" ");
    const { messages, bytes } = heard.get(kind) ?? { messages: 0, bytes: 0 };
    heard.set(kind, { messages: messages + 1, bytes: bytes + Number(rest.at(-1)) });
  },
});

/** What arrives while something happens, by kind. */
async function during(happening: () => Promise<unknown>): Promise<ReadonlyMap<string, Heard>> {
  heard.clear();
  await happening();
  return new Map(heard);
}

function sum(all: Iterable<Heard>): Heard {
  return [...all].reduce((total, each) => ({ messages: total.messages + each.messages, bytes: total.bytes + each.bytes }), { messages: 0, bytes: 0 });
}

function times({ messages, bytes }: Heard, factor: number): Heard {
  return { messages: messages * factor, bytes: bytes * factor };
}

function mostOf(all: ReadonlyMap<string, Heard>, factor: number): string {
  const most = [...all].sort(([, a], [, b]) => b.messages - a.messages).slice(0, 4);
  return most.map(([kind, { messages }]) => `${kind} ${Math.round(messages * factor)}`).join(", ");
}

let toldAt = performance.now();

/** Lets virtual time pass, and tells each minute how far it has come: hundreds of hosts take an hour. */
async function pass(ms: number): Promise<void> {
  const end = world.time.nowMs + ms;
  while (world.time.nowMs < end) {
    await world.time.run(Math.min(end, world.time.nowMs + STEP_MS));
    if (performance.now() - toldAt < TELL_EVERY_MS) continue;
    toldAt = performance.now();
    console.error(`${count} hosts: ${Math.round(world.time.nowMs / 1000)} virtual seconds after ${Math.round(toldAt / 1000)} s`);
  }
}

// Having hundreds come together is the cube of their number; once they know each other it does not matter how they met.
await world.found(count, count > MEETING_MAX);
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
const hostHour = 3600 / idleSeconds / count;
const meanwhile = times(sum(idle.values()), JOIN_MS / 1000 / idleSeconds);
const joined = sum(joining.values());
const found = {
  idle: { ...times(sum(idle.values()), hostHour), most: mostOf(idle, hostHour) },
  write: { ...times(writing.get("records/push") ?? { messages: 0, bytes: 0 }, 1 / WRITES), most: mostOf(new Map([...writing].filter(([kind]) => kind === "records/push")), 1 / WRITES) },
  joining: { messages: joined.messages - meanwhile.messages, bytes: joined.bytes - meanwhile.bytes, most: mostOf(joining, 1) },
};
process.stdout.write(`${JSON.stringify(found)}\n`);
process.exit();
