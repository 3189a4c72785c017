import { EVERYWHERE } from "../../../src/cluster/index.ts";
import type { Cluster, Network } from "../../../src/cluster/index.ts";
import { hostCardCodec } from "../../../src/cluster/entries.ts";
import type { HostId, NamespaceId } from "../../../src/codec/index.ts";
import type { Env } from "../../../src/platform/index.ts";
import { hostSealer } from "../../../src/records/batch.ts";
import type { Proven } from "../../../src/records/batch.ts";
import { EMPTY_CONTEXT } from "../../../src/records/index.ts";
import { CUSTOMARY_REPLICAS } from "../../../src/records/holdings.ts";
import { OWN } from "../../../src/records/jobs.ts";
import { GROUPS } from "../../../src/records/limits.ts";
import { NOT_READY, floorCodec, floorKeyOf, readyCodec, readyKeyOf } from "../../../src/records/marks.ts";
import { randomName } from "../../../src/records/numbering.ts";
import type { Place } from "../../../src/records/numbering.ts";
import { encodePosition } from "../../../src/records/position.ts";
import { Replica } from "../../../src/records/replica.ts";
import { metaKey, positionKey, tableOf } from "../../../src/records/tables.ts";
import type { LogOperation } from "../../../src/store/index.ts";
import { MemoryLog } from "../../../src/store/index.ts";
import { cardOf } from "./host.ts";
import type { SimHost } from "./host.ts";

// A network of hundreds of hosts that has been going for a while. Having them all come together is the square of their number of records, each
// brought to everybody, and says little that fewer hosts do not. So their disks are made as they would be then: the founder's has what it has
// admitted, and takes in, as everything that comes from outside, what each host has said of itself. Each other one is a copy of that in a
// store of its own, which knows how far it has come with all the others: the disk of a host that has caught up and has not written yet.

/** What one host alone has done: its dots and votes, what waits in its outbox, whom it has caught up with, and with what. */
const OWN_TABLES = new Set(["c", "e", "h", "o", "p", "r", "w"]);
const NOBODYS = new Set(["h", "o", "p", "r", "w"]);
const ALL = { from: Uint8Array.of(0), to: Uint8Array.of(255), limit: Infinity };
const WHOLE = { rank: 0, followed: new Uint8Array(0) };

export interface Together {
  readonly env: Env;
  readonly network: Network;
  /** As the founder knows it, with all hosts in it. */
  readonly cluster: Cluster;
  /** The founder first. None of them runs. */
  readonly hosts: readonly SimHost[];
  readonly addressOf: (host: HostId) => string;
}

/** Gives all hosts the disks that they have after a while. */
export async function settle(together: Together): Promise<void> {
  const { env, network, cluster, hosts } = together;
  const [founder, ...others] = hosts as readonly [SimHost, ...SimHost[]];
  const log = new MemoryLog(env, founder.disk);
  const replica = await Replica.open(env, { log, cluster, network: network.id, seal: hostSealer(founder.identity.key, network.id), delegation: () => undefined });
  await replica.write([{ namespace: network.namespace, key: readyKeyOf(founder.id), value: readinessOf(cluster, founder) }], "host");
  await replica.apply(OWN, others.flatMap((host) => wordsOf(together, host)), new Map());
  await replica.close();
  const place: Place = { life: replica.numbering.life, sequence: replica.numbering.sequence };
  const { entries } = founder.disk.image();
  const keys = entries.scan(ALL).map(({ key }) => key);
  for (const host of hosts) {
    const copy = entries.copy();
    const isOwn = (key: Uint8Array): boolean => OWN_TABLES.has(tableOf(key)) || Buffer.compare(key, metaKey("actor")) === 0;
    copy.apply(keys.filter((key) => (host === founder ? NOBODYS.has(tableOf(key)) : isOwn(key))).map((key): LogOperation => ({ kind: "delete", key })));
    copy.apply(wantedGroups(cluster, host).map(([group, rank]) => replica.readiness.mark(group, { ...WHOLE, rank })));
    copy.apply(hosts.filter((other) => other !== host).map(({ disk }): LogOperation => ({ kind: "put", key: positionKey(disk.storeId, EVERYWHERE), value: encodePosition({ place, mark: WHOLE }) })));
    host.disk.restore({ storeId: host.disk.storeId, entries: copy });
  }
}

/** What a host says of itself: where it listens, of what its copies are complete, and that it has done no round of deletions. */
function wordsOf({ env, network, cluster, addressOf }: Together, host: SimHost): readonly Proven[] {
  const actor = { host: host.id, incarnation: randomName(env) };
  const namespace = network.id as string as NamespaceId;
  const words: readonly (readonly [string, Uint8Array])[] = [
    [`host/${host.id}`, hostCardCodec.encode(cardOf([addressOf(host.id)]))],
    [readyKeyOf(host.id), readinessOf(cluster, host)],
    [floorKeyOf(host.id), floorCodec.encode({ begun: 0, done: 0, sets: [] })],
  ];
  const bodies = words.map(([key, value]) => ({ namespace, key, dot: { actor, counter: 1 }, context: EMPTY_CONTEXT, value, wallMs: env.clock.wallMs(), author: null }));
  return hostSealer(host.identity.key, network.id)(actor, 1, bodies, null);
}

function readinessOf(cluster: Cluster, host: SimHost): Uint8Array {
  const ranks = new Map(wantedGroups(cluster, host));
  return readyCodec.encode({ store: host.disk.storeId, ranks: Uint8Array.from({ length: GROUPS }, (_, group) => ranks.get(group) ?? NOT_READY) });
}

/** The groups of which a host keeps anything, with its place in their lists. */
function wantedGroups(cluster: Cluster, { id }: SimHost): (readonly [number, number])[] {
  const ranked = Array.from({ length: GROUPS }, (_, group) => [group, group === EVERYWHERE ? 0 : cluster.preferenceList(group).indexOf(id)] as const);
  return ranked.filter(([, rank]) => rank < CUSTOMARY_REPLICAS);
}
