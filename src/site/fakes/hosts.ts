// Hosts with this room running on the twins of the rooms below, and what tests do with them.

import assert from "node:assert/strict";
import type { AccountId } from "../../codec/index.ts";
import { concatBytes, utf8 } from "../../codec/index.ts";
import type { Clock, Env } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import type { PublishResult, SiteView } from "../port.ts";
import type { RunningSites, SiteParts } from "../sites.ts";
import { createSites } from "../sites.ts";
import { FakePool } from "./pool.ts";
import type { FakeRecords } from "./records.ts";
import { FakeNetwork } from "./records.ts";

export const MIB = 1024 * 1024;

/** The machine's, but for clocks that a test moves by hand. */
export function handEnv(): { readonly env: Env; readonly advance: (ms: number) => void } {
  let nowMs = 1_000_000;
  const clock: Clock = { wallMs: () => 1_800_000_000_000 + nowMs, monotonicMs: () => nowMs };
  return { env: { ...machineEnv(silentLog), clock }, advance: (ms) => void (nowMs += ms) };
}

export async function* bytesOf(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return concatBytes(...parts);
}

export interface Host {
  readonly records: FakeRecords;
  readonly sites: RunningSites;
  account: AccountId | undefined;
}

/** Hosts by name, each of the person named; all of them voters. */
export function network(people: Readonly<Record<string, string | undefined>>, more: Partial<SiteParts> = {}): { readonly hosts: Record<string, Host>; readonly pool: FakePool; readonly net: FakeNetwork; readonly advance: (ms: number) => void } {
  const net = new FakeNetwork(Object.keys(people));
  const pool = new FakePool();
  const { env, advance } = handEnv();
  const hosts: Record<string, Host> = {};
  for (const [name, person] of Object.entries(people)) {
    const records = net.host(name, person);
    const host = { records, account: records.account } as Host & { sites: RunningSites };
    host.sites = createSites(env, { network: net.id, self: records.self, account: () => host.account, roster: () => net.roster, records, pool, ...more });
    hosts[name] = host;
  }
  return { hosts, pool, net, advance };
}

export function one(): { readonly host: Host; readonly pool: FakePool; readonly advance: (ms: number) => void } {
  const { hosts, pool, advance } = network({ a: "ada" });
  return { host: hosts["a"]!, pool, advance };
}

export type Tree = Readonly<Record<string, Uint8Array | string>>;

export async function publish({ sites }: Host, name: string, tree: Tree, copies: number | "all" = 3): Promise<PublishResult> {
  const publication = await sites.publish(name, { copies });
  await Promise.all(Object.entries(tree).map(([path, content]) => publication.add(path, bytesOf(bytes(content)))));
  return publication.commit();
}

function bytes(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? utf8(content) : content;
}

export function noise(length: number, seed: number): Uint8Array {
  const result = new Uint32Array(Math.ceil(length / 4));
  let state = seed * 2654435761 + 1;
  for (let at = 0; at < result.length; at += 1) result[at] = state = Math.imul(state, 1664525) + 1013904223;
  return new Uint8Array(result.buffer, 0, length);
}

export async function read(view: SiteView, path: string, offset = 0, length = Infinity): Promise<Uint8Array> {
  const file = view.file(path);
  assert.ok(file, path);
  return collect(file.read(offset, Math.min(length, file.sizeBytes)));
}

export async function assertHas(host: Host, name: string, tree: Tree): Promise<void> {
  const view = await host.sites.open(name);
  assert.deepEqual([...view.files()].map(({ path }) => path).sort(), Object.keys(tree).sort());
  for (const [path, content] of Object.entries(tree)) assert.deepEqual(Buffer.from(await read(view, path)), Buffer.from(bytes(content)), path);
}
