import assert from "node:assert/strict";
import test from "node:test";
import type { StoreId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import { MemoryLog } from "../store/index.ts";
import { hostSealer } from "./batch.ts";
import { OWN } from "./jobs.ts";
import { Replica } from "./replica.ts";
import { TestHosts, env, network } from "./test-hosts.ts";

test("positions of a store that was forgotten are gone, and a page of it that was under way then brings none back", async () => {
  const [host] = new TestHosts(["a"]).hosts;
  host!.plugIn();
  const open = (): Promise<Replica> => Replica.open(env, { log: new MemoryLog(env, host!.disk), cluster: host!.view(), network, seal: hostSealer(host!.key, network), delegation: () => undefined });
  const replica = await open();
  const [kept, former] = [idFromBytes<StoreId>(newSeed()), idFromBytes<StoreId>(newSeed())];
  const page = [kept, former].map((store) => ({ store, group: 7, place: { life: 1, sequence: 5 }, mark: { rank: 0, followed: new Uint8Array(0) }, epoch: 0 }));
  const stores = ({ positions }: Replica): readonly StoreId[] => positions.of(7).map(({ store }) => store);
  for (const store of [kept, former]) replica.positions.add(store);
  await replica.apply(OWN, [], new Map(), page);
  assert.deepEqual(stores(replica), [kept, former]);
  await Promise.all([replica.apply(OWN, [], new Map(), page), replica.forget(former)]);
  await replica.apply(OWN, [], new Map(), page);
  assert.deepEqual(stores(replica), [kept]);
  await replica.close();
  assert.deepEqual(stores(await open()), [kept]);
});
