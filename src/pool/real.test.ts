import assert from "node:assert/strict";
import { mkdtempSync, readdirSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { Genesis, Member, Roster } from "../cluster/index.ts";
import { ON_ALL_HOSTS, delegate } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import { createTransport } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { FilePieceStore, FileSegmentCache, MemoryDisk, MemoryLog } from "../store/index.ts";
import { FakeRecords, FakeReplication } from "./fakes/fake-records.ts";
import { collect, content, copies, keyOf } from "./fakes/village.ts";
import { NO_MIRRORS } from "./parts.ts";
import type { HostPool } from "./pool.ts";
import { createPool } from "./pool.ts";
import { poolRule } from "./record/rule.ts";

const MIB = 2 ** 20;

interface RealHost {
  readonly host: HostId;
  readonly directory: string;
  readonly transport: Transport;
  readonly store: FilePieceStore;
  readonly pool: HostPool;
}

/** Hosts with real sockets and files. Only the records are a twin. */
class Street {
  readonly env: Env = machineEnv(silentLog);
  readonly network = idFromBytes<NetworkId>(new Uint8Array(32).fill(3));
  readonly ownerKey = keyOf("owner");
  readonly owner = idFromBytes<AccountId>(this.ownerKey.publicKey);
  readonly members = new Map<HostId, Member>();
  readonly replication = new FakeReplication(() => true);
  readonly hosts: RealHost[] = [];
  namespace!: NamespaceId;

  async build(count: number): Promise<void> {
    for (let number = 0; number < count; number++) this.hosts.push(await this.#settle(number));
    for (const one of this.hosts) for (const other of this.hosts) if (one.host < other.host) await one.transport.connect(other.host, other.transport.addresses());
  }

  async #settle(number: number): Promise<RealHost> {
    const { env, network, owner } = this;
    const key = keyOf(`real ${number}`);
    const host = idFromBytes<HostId>(key.publicKey);
    this.members.set(host, { host, account: owner, name: `real${number}`, zone: `${number}`, capacityBytes: 1e9, addresses: [], version: "1", joinedMs: 0, invite: null, returns: 0, isGone: false, isDraining: false, isSuspect: false, provenBytes: undefined });
    const directory = mkdtempSync(join(tmpdir(), "holdfast-pool-"));
    const transport = await createTransport(env, { seed: key.seed, listen: ["/ip4/127.0.0.1/tcp/0"], admission: (peer) => (this.members.has(peer as HostId) ? "member" : "stranger") });
    const log = new MemoryLog(env, new MemoryDisk(env.random));
    const store = await FilePieceStore.open(env, { directory, log, capacityBytes: 1e9 });
    const cache = await FileSegmentCache.open(env, { directory, budgetBytes: 1e8 });
    const records = new FakeRecords(this.replication, host, owner, poolRule);
    const genesis: Genesis = { type: "site", network, owner, replicas: ON_ALL_HOSTS, subShards: 1, rules: new Uint8Array(0), nonce: new Uint8Array(1) };
    this.namespace = await records.create(genesis);
    const delegation = delegate(this.ownerKey, { network, account: owner, host, issuedMs: 1 });
    const roster = (): Roster => ({ network, networkName: "street", founder: owner, maxHosts: 10, members: this.members, people: new Map([[owner, { account: owner, name: "owner", isAdministrator: true, quotaBytes: 1e9, quotaFrom: "administrator" }]]), voters: [] });
    const presence = (other: HostId): "online" | "away" => (other === host || transport.connected().includes(other) ? "online" : "away");
    const nobodyRepairs = { repair: { coordinator: () => undefined, repairAfterMs: () => 0, isAwayFor: () => false }, audit: { told: () => undefined, tell: async () => {} }, scrub: {}, notes: log };
    const pool = createPool(env, { self: host, hostKey: key, store, cache, transport, records, roster, presence, freeBytes: () => undefined, delegation: () => delegation, condemnedForMs: () => 1e9, mirrors: NO_MIRRORS, ...nobodyRepairs });
    return { host, directory, transport, store, pool };
  }

  async close(): Promise<void> {
    for (const { pool, store, transport, directory } of this.hosts) {
      await pool.close();
      await transport.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    }
  }
}

/** Changes one byte in the only piece file of a data directory. */
async function spoil(directory: string): Promise<void> {
  const name = readdirSync(join(directory, "pieces"), { recursive: true, withFileTypes: true }).find((entry) => entry.isFile())!;
  const file = await open(join(name.parentPath, name.name), "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, MIB + 7);
  byte[0]! ^= 0xff;
  await file.write(byte, 0, 1, MIB + 7);
  await file.close();
}

test("over real sockets and files a pack reads back everywhere, survives a spoilt file and a source that goes", async () => {
  const street = new Street();
  try {
    await street.build(4);
    const what = content(9 * MIB + 5);
    const { pack, holders } = await street.hosts[0]!.pool.store(street.namespace, what, copies(2));
    assert.equal(holders.length, 2);
    const [first, second] = holders.map((host) => street.hosts.find((each) => each.host === host)!) as [RealHost, RealHost];
    for (const { pool } of street.hosts) assert.deepEqual(await collect(pool.read(street.namespace, pack, 0, what.bytes.length)), Buffer.from(what.bytes));

    await spoil(first.directory);
    assert.deepEqual(await collect(first.pool.read(street.namespace, pack, 0, what.bytes.length)), Buffer.from(what.bytes));
    assert.equal(first.store.held(pack, 0), undefined);
    const hold = first.pool.workers.find((worker) => worker.status().name === "hold")!;
    while (first.store.held(pack, 0) === undefined) {
      hold.start();
      await street.env.timers.sleep(20);
    }

    const late = await street.hosts[0]!.pool.store(street.namespace, content(12 * MIB, 2), copies(2));
    const sources = late.holders.map((host) => street.hosts.find((each) => each.host === host)!);
    const reader = street.hosts.find((each) => !sources.includes(each))!;
    const read: Uint8Array[] = [];
    for await (const chunk of reader.pool.read(street.namespace, late.pack, 0, 12 * MIB)) {
      read.push(chunk);
      if (read.length === 3) await sources[0]!.transport.close();
    }
    assert.deepEqual(Buffer.concat(read), Buffer.from(content(12 * MIB, 2).bytes));
    assert.ok(second.store.usedBytes > 0);
  } finally {
    await street.close();
  }
});
