import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { keyPairFromSeed, newSeed } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { PlatformError, machineEnv, silentLog } from "../platform/index.ts";
import { NetError } from "./errors.ts";
import type { Admission, AskAsInvite, BulkStream, PeerEvent, Standing, Transport } from "./port.ts";

export interface ContractHost {
  readonly seed: Uint8Array;
  readonly admission: Admission;
  readonly stallMs?: number;
}

/** What the contract needs of an implementation. */
export interface ContractNet {
  host(options: ContractHost): Promise<Transport>;
  readonly askAsInvite: AskAsInvite;
  close(): Promise<void>;
}

export const env: Env = machineEnv(silentLog);
export const MIB = 1024 * 1024;
export const SOON = { timeoutMs: 10_000 };

/** A fresh network with two hosts for each test. */
export interface Pair {
  readonly net: ContractNet;
  readonly a: Transport;
  readonly b: Transport;
  /** Whom a and b let in. A test may change it at any time. */
  readonly standings: Map<HostId, Standing>;
  /** Connects a to b, and waits until both know. */
  readonly join: () => Promise<void>;
  /** A further host that lets in whom a and b let in, and is let in. */
  readonly member: (options?: Partial<ContractHost>) => Promise<Transport>;
}

/** Runs the tests, each with a pair of its own that is closed afterwards. */
export function runContract(name: string, makeNet: () => Promise<ContractNet>, tests: ContractTests): void {
  void describe(name, () => {
    for (const [what, work] of Object.entries(tests)) {
      void test(what, async () => {
        const pair = await makePair(await makeNet());
        try {
          await work(pair);
        } finally {
          await Promise.all([pair.a.close(), pair.b.close()]);
          await pair.net.close();
        }
      });
    }
  });
}

async function makePair(net: ContractNet): Promise<Pair> {
  const standings = new Map<HostId, Standing>();
  const member = async (options: Partial<ContractHost> = {}): Promise<Transport> => {
    const host = await net.host({ seed: newSeed(), admission: (key) => standings.get(key as HostId) ?? "stranger", ...options });
    standings.set(host.self, "member");
    return host;
  };
  const [a, b] = await Promise.all([member(), member()]);
  const join = async (): Promise<void> => {
    await a.connect(b.self, b.addresses());
    await connected(b, a.self);
  };
  return { net, a, b, standings, join, member };
}

/** Tests by name; each gets a fresh pair. */
export type ContractTests = Readonly<Record<string, (pair: Pair) => Promise<void>>>;

export function hostOf(seed: Uint8Array): HostId {
  return idFromBytes<HostId>(keyPairFromSeed(seed).publicKey);
}

/** A check for assert.rejects. */
export function code(expected: string, remoteCode?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof NetError || error instanceof PlatformError, String(error));
    assert.equal(error.code, expected, error.message);
    if (remoteCode !== undefined) assert.equal((error as NetError).remoteCode, remoteCode);
    return true;
  };
}

export async function collect(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const frame of frames) parts.push(frame);
  return new Uint8Array(Buffer.concat(parts));
}

export async function sendAll(stream: BulkStream, bytes: Uint8Array, frameBytes: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += frameBytes) await stream.send(bytes.subarray(at, at + frameBytes));
}

export function nextEvent(transport: Transport, kind: PeerEvent["kind"], peer: HostId): Promise<void> {
  return new Promise((resolve) => {
    const stop = transport.onPeer((event) => {
      if (event.kind !== kind || event.peer !== peer) return;
      stop();
      resolve();
    });
  });
}

export async function connected(transport: Transport, peer: HostId): Promise<void> {
  if (!transport.connected().includes(peer)) await nextEvent(transport, "up", peer);
}
