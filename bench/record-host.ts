import { createServer, connect } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { join } from "node:path";
import { ACCEPT, EVERYWHERE, delegate, namespaceIdOf, preferenceList } from "../src/cluster/index.ts";
import type { Genesis } from "../src/cluster/index.ts";
import { idFromBytes, idFromText, utf8 } from "../src/codec/index.ts";
import type { AccountId, HostId, NetworkId } from "../src/codec/index.ts";
import type { KeyPair } from "../src/crypto/index.ts";
import { keyPairFromSeed, sha256 } from "../src/crypto/index.ts";
import { createTransport } from "../src/net/index.ts";
import type { Transport } from "../src/net/index.ts";
import { machineEnv, silentLog } from "../src/platform/index.ts";
import { createRecords } from "../src/records/index.ts";
import type { RunningRecords } from "../src/records/index.ts";
import { SqliteLog } from "../src/store/index.ts";

const env = machineEnv(silentLog);
const account = keyPairFromSeed(sha256(utf8("the person of the benchmarks")));
const genesis: Genesis = { type: "network", network: null, owner: idFromBytes<AccountId>(account.publicKey), replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: utf8("bench") };
const network = idFromText<NetworkId>(namespaceIdOf(genesis));
const notes: Genesis = { type: "kv", network, owner: null, replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: utf8("notes") };
/** A namespace that is on all hosts. */
export const NOTES = namespaceIdOf(notes);
const entries: Genesis = { type: "kv", network, owner: null, replicas: 3, subShards: 16, rules: new Uint8Array(0), nonce: utf8("entries") };
/** A namespace on three hosts, split as one of type kv is by default. */
export const ENTRIES = namespaceIdOf(entries);

/** Passes bytes on between two ports and counts them. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  bytes = 0;

  constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, "127.0.0.1");
      for (const [from, onto] of [[near, far], [far, near]] as const) {
        this.#sockets.add(from);
        from.on("data", (data) => (this.bytes += data.length)).pipe(onto);
        from.on("error", () => onto.destroy()).on("close", () => this.#sockets.delete(from));
      }
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `/ip4/127.0.0.1/tcp/${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

function keyOf(name: string): KeyPair {
  return keyPairFromSeed(sha256(utf8(`host ${name}`)));
}

/** The id of the host with this name, in whatever process it runs. */
export function hostNamed(name: string): HostId {
  return idFromBytes<HostId>(keyOf(name).publicKey);
}

/** The records of one host as the daemon runs them, on a real disk and real sockets, without the rooms above. */
export class RecordHost {
  readonly self: HostId;
  readonly #key: KeyPair;
  readonly #file: string;
  readonly #members: () => readonly HostId[];
  transport!: Transport;
  records!: RunningRecords;
  #log!: SqliteLog;

  constructor(folder: string, name: string, members: () => readonly HostId[]) {
    this.#key = keyOf(name);
    this.self = hostNamed(name);
    this.#file = join(folder, `${name}.db`);
    this.#members = members;
  }

  async start(): Promise<void> {
    this.transport = await createTransport(env, { seed: this.#key.seed, listen: ["127.0.0.1:0"], admission: () => "member" });
    this.#log = await SqliteLog.open(env, this.#file);
    const delegation = delegate(account, { network, account: idFromBytes<AccountId>(account.publicKey), host: this.self, issuedMs: 1 });
    const lists = new Map<number, readonly HostId[]>();
    const list = (shard: number): readonly HostId[] => {
      const known = lists.get(shard) ?? preferenceList(shard, this.#members().map((host) => ({ host, zone: host, capacityBytes: 1 })));
      lists.set(shard, known);
      return known;
    };
    const cluster = {
      self: this.self,
      members: this.#members,
      online: () => this.transport.connected(),
      replicas: (shard: number, count: number) => (shard === EVERYWHERE ? this.#members() : list(shard).slice(0, count)),
      preferenceList: list,
      active: this.#members,
      layout: "",
      settings: { horizonMs: 1e12 },
      isCoordinator: () => false,
      exclusions: () => [],
      judge: () => ACCEPT,
    };
    this.records = await createRecords(env, { log: this.#log, transport: this.transport, cluster, signer: { host: this.#key, delegation: () => delegation }, network });
    await this.records.create(genesis);
    await this.records.create(notes);
    await this.records.create(entries);
    this.records.start();
  }

  async stop(): Promise<void> {
    await this.records.stop();
    await this.transport.close();
    await this.#log.close();
  }

  /** The port on which it listens. */
  get port(): number {
    return Number(/tcp\/(\d+)/.exec(this.transport.addresses()[0]!)![1]);
  }
}
