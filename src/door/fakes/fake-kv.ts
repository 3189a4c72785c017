import { idFromBytes } from "../../codec/index.ts";
import type { HostId, NamespaceId } from "../../codec/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import type { ScanOptions } from "../../records/index.ts";
import { MAX_VALUE_BYTES } from "../../records/index.ts";
import type { Kv, KvChange, KvInfo, KvPage, KvState, KvWrite, KvWritten } from "../../kv/index.ts";

// For tests only: one namespace of keys and values in memory. A blind write stays beside what is there.

const namespace = idFromBytes<NamespaceId>(new Uint8Array(32).fill(7));
const host = idFromBytes<HostId>(new Uint8Array(32).fill(1));
const info: KvInfo = { name: "notes", namespace, writers: "member", shards: 16, replicas: 3, limits: { maxValueBytes: MAX_VALUE_BYTES, maxBytes: null, writesPerSecond: null }, isCurrent: true, isFollowed: false };

export class FakeKv implements Kv {
  readonly values = new Map<string, Uint8Array[]>();
  readonly calls: unknown[] = [];
  /** Given by `changes`, which then waits for its signal. */
  changed: KvChange[] = [];
  safe = true;

  list = (): readonly KvInfo[] => [info];

  create: Kv["create"] = async (name, settings) => {
    this.calls.push(["create", name, settings]);
    return { info, safe: this.safe };
  };

  async write(_name: string, key: string, value: Uint8Array | null, how: KvWrite): Promise<KvWritten> {
    this.calls.push(["write", key, how]);
    const kept = how === "blind" ? (this.values.get(key) ?? []) : [];
    if (value === null) this.values.delete(key);
    else this.values.set(key, [...kept, value]);
    return { token: "token", copies: this.safe ? 2 : 1, safe: this.safe };
  }

  read: Kv["read"] = async (_name, key) => {
    if (!this.values.has(key)) throw new HoldfastError("NO_KEY", `There is no key "${key}".`);
    return this.#state(key);
  };

  async scan(_name: string, { prefix = "", after = "", limit = 1000 }: ScanOptions): Promise<KvPage> {
    const keys = [...this.values.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    return { entries: keys.slice(0, limit).map((key) => this.#state(key)), next: keys.length > limit ? keys[limit - 1] : undefined };
  }

  changes: Kv["changes"] = async (_name, position, signal) => {
    this.calls.push(["changes", position]);
    const { changed } = this;
    return (async function* () {
      yield* changed;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    })();
  };

  follow: Kv["follow"] = async (name) => void this.calls.push(["follow", name]);
  unfollow: Kv["unfollow"] = async (name) => void this.calls.push(["unfollow", name]);

  #state(key: string): KvState {
    const siblings = this.values.get(key)!.map((value, at) => ({ dot: { actor: { host, incarnation: 1 }, counter: at + 1 }, value, author: null, wallMs: 1 }));
    return { key, siblings, context: "context" };
  }
}
