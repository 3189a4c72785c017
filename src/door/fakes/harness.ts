import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
// oxlint-disable-next-line no-restricted-imports -- the tests send what no HTTP client would
import { connect, type Socket } from "node:net";
import { idFromBytes } from "../../codec/index.ts";
import type { HostId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { HoldfastError, machineEnv, silentLog } from "../../platform/index.ts";
import type { Door, DoorOptions } from "../door.ts";
import { createDoor } from "../door.ts";
import { FakeEntries } from "./fake-entries.ts";
import { FakeKv } from "./fake-kv.ts";
import { FakeSites } from "./fake-sites.ts";
import type { ApplicantRow } from "../applicant-rows.ts";
import type { Applicants, Node, Upkeep } from "../port.ts";
import type { HostRow, Status } from "../rows.ts";

// For tests and benchmarks only: a running host made of memory behind the port `Node`, a door to it, and clients.

export const TOKEN = "a-token-for-tests-0123456789";
export const SESSION_KEY = new Uint8Array(32).fill(7);
export const env: Env = machineEnv(silentLog);

const GIB = 1024 ** 3;

export function hostId(number: number): HostId {
  return idFromBytes<HostId>(new Uint8Array(32).fill(number));
}

export function hostRow(number: number, name: string, more: Partial<HostRow> = {}): HostRow {
  return { id: hostId(number), name, zone: name, presence: "online", capacityBytes: 20 * GIB, usedBytes: GIB, address: `/ip4/127.0.0.1/tcp/${4280 + number}`, version: "0.1.0", lastSeenMs: 1, isDraining: false, isSuspect: false, isSelf: false, ...more };
}

/** Notes what it is told. */
export class FakeUpkeep implements Upkeep {
  calls: unknown[] = [];

  drain: Upkeep["drain"] = async (...said) => {
    this.calls.push(["drain", ...said]);
    return { safe: true };
  };

  resize: Upkeep["resize"] = async (capacityBytes) => {
    this.calls.push(["resize", capacityBytes]);
    return { capacityBytes, usedBytes: 7 };
  };

  parting: Upkeep["parting"] = async (host) => ({ host, name: "cellar", pieces: 3, pieceBytes: 30, solePacks: 1, soleBytes: 10, riskyPacks: 1, awaitedPieces: 2, awaitedShards: 0, isDraining: false });

  leave: Upkeep["leave"] = async (isNow) => {
    this.calls.push(["leave", isNow]);
    return { safe: true };
  };

  pool: Upkeep["pool"] = async () => ({
    offeredBytes: 100,
    usedBytes: 10,
    freeBytes: 90,
    isCounting: false,
    packs: 1,
    contentBytes: 5,
    pieceBytes: 10,
    survives: 1,
    survivesNow: 1,
    health: "Everything survives the loss of any 1 host.",
    repair: { shortPacks: 0, shortPieces: 0, shortBytes: 0, unreadablePacks: 0, secondsLeft: null },
    hosts: [{ id: "host", name: "attic", zone: "home", presence: "online", capacityBytes: 100, usedBytes: null, pieces: 1, pieceBytes: 10, isDraining: false, isSuspect: false, awaitedPieces: 0 }],
    people: [{ id: "person", name: "attic", usedBytes: 10, quotaBytes: 50 }],
  });

  where: Upkeep["where"] = async (id) => ({ what: "site", id, survives: 1, packs: [], more: 0 });

  mirrored: Upkeep["mirrored"] = () => ({ isAll: false, sites: ["blog"], releasing: [] });

  mirror: Upkeep["mirror"] = async (...said) => {
    this.calls.push(["mirror", ...said]);
    return this.mirrored();
  };

  people: Upkeep["people"] = async () => [{ id: "person", name: "attic", hosts: ["attic"], isAdministrator: true, usedBytes: 10, quotaBytes: 50, quotaFrom: "share" }];

  setQuota: Upkeep["setQuota"] = async (...said) => {
    this.calls.push(["quota", ...said]);
    return { safe: false };
  };
}

/** Machines that ask as a test has them ask, and what they are answered. */
export class FakeApplicants implements Applicants {
  rows: ApplicantRow[] = [];
  calls: unknown[] = [];

  list: Applicants["list"] = () => this.rows;

  visit: Applicants["visit"] = async (address) => {
    this.calls.push(["visit", address]);
  };

  admit: Applicants["admit"] = async (id, digits) => this.#answer("admit", id, digits);

  refuse: Applicants["refuse"] = (id) => this.#answer("refuse", id);

  #answer(what: string, id: HostId, ...more: readonly string[]): ApplicantRow {
    this.calls.push([what, id, ...more]);
    const row = this.rows.find((each) => each.id === id);
    if (row === undefined) throw new HoldfastError("NO_APPLICATION", "It has given up.");
    this.rows = this.rows.filter((each) => each !== row);
    return row;
  }
}

/** A host whose answers a test may replace one by one. */
export class FakeNode implements Node {
  readonly self: Node["self"];
  readonly sites = new FakeSites();
  readonly kv = new FakeKv();
  readonly entries = new FakeEntries();
  readonly upkeep = new FakeUpkeep();
  readonly applicants = new FakeApplicants();
  rows: HostRow[];
  networkName = "friends";
  holders: HostId[] = [];
  calls: unknown[] = [];

  constructor(name = "attic") {
    this.self = { id: hostId(1), name };
    this.rows = [hostRow(1, name, { isSelf: true, httpPort: 4280 }), hostRow(2, "cellar", { presence: "away" })];
  }

  readonly pool: Node["pool"] = {
    standing: () => ({ packs: this.holders.length === 0 ? 0 : 1, holders: new Set(this.holders), survives: this.holders.length - 1, survivesNow: this.holders.length - 1 - this.rows.filter(({ id, presence }) => presence === "away" && this.holders.includes(id as HostId)).length }),
  };

  lanAddress: Node["lanAddress"] = () => undefined;

  readonly version = "0.1.0";

  async status(): Promise<Status> {
    return {
      network: { id: "net", name: this.networkName },
      host: { id: this.self.id, name: this.self.name, zone: "home" },
      version: "0.1.0",
      pid: 1,
      startedMs: 1,
      httpPort: 4280,
      peerAddresses: [],
      lan: null,
      capacityBytes: 1000,
      usedBytes: 10,
      hosts: { total: this.rows.length, online: this.rows.filter((row) => row.presence === "online").length },
      coordinator: null,
      whyNoCoordinator: null,
      sites: this.sites.list().length,
      isCounting: false,
      survives: 1,
      survivesNow: 1,
      health: "Everything survives the loss of any host.",
      nextStep: null,
    };
  }

  coordinator(): Status["coordinator"] {
    return null;
  }

  hosts(): readonly HostRow[] {
    return this.rows;
  }

  layout: Node["layout"] = () => Promise.resolve({ replicas: 3, moving: 0, left: { records: 0, bytes: 0, unknown: 0 }, evenness: { least: 1, most: 1 }, hosts: [], shards: [] });
  workers: Node["workers"] = () => [{ name: "repair", state: "idle", progress: "", lastError: undefined, runs: 3, lastRunWallMs: undefined }];
  gauges: Node["gauges"] = () => [{ name: "holdfast_records", help: "Records.", value: 42}, { name: "holdfast_odd_count", help: "Odd things.", value: 3, byCode: new Map([["TOO_ODD", 2], ["NOT_EVEN", 1]]) }];
  invites: Node["invites"] = () => [];
  addresses: Node["addresses"] = () => [];

  createInvite: Node["createInvite"] = async (grants) => {
    this.calls.push(grants);
    return { invite: { id: "i", state: "open", zone: null, role: "member", quotaBytes: null, expiresMs: 1, usedBy: null }, code: "hf-code", words: ["one", "two", "three"] };
  };

  settings: Node["settings"] = () => ({ goneAfterMs: 7, horizonMs: 180, repairAfterMs: 1, condemnedForMs: 30 });

  changeSettings: Node["changeSettings"] = async (changes) => {
    this.calls.push(changes);
    return { safe: true };
  };

  removeHost: Node["removeHost"] = async (host, isLost) => {
    this.calls.push(isLost ? `lost ${host}` : host);
    return { safe: false };
  };

  revokeHost: Node["revokeHost"] = async (host) => {
    this.calls.push(["revoke", host]);
    return { safe: true };
  };

  learnAddresses: Node["learnAddresses"] = async (peers) => {
    this.calls.push(peers);
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Default: that of the door on this machine. */
  readonly port?: number;
}

/** A door with a fake host behind it. */
export class TestDoor implements AsyncDisposable {
  readonly door: Door;
  readonly node: FakeNode;

  constructor(door: Door, node: FakeNode) {
    this.door = door;
    this.node = node;
  }

  static async open(node = new FakeNode(), options: Partial<DoorOptions> = {}): Promise<TestDoor> {
    return new TestDoor(await createDoor(env, { node, token: TOKEN, sessionKey: SESSION_KEY, port: 0, ...options }), node);
  }

  get sites(): FakeSites {
    return this.node.sites;
  }

  /** Asks a site, under its own name. */
  site(name: string, path: string, ask: Ask = {}): Promise<Reply> {
    return this.ask(`${name}.localhost:${this.door.port}`, path, ask);
  }

  /** Asks the API as the command line does. */
  api(method: string, path: string, json?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    return this.ask(`localhost:${this.door.port}`, path, { method, headers: { authorization: `Bearer ${TOKEN}`, ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers }, ...body });
  }

  ask(host: string, path: string, ask: Ask): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const length = ask.body === undefined ? {} : { "content-length": String(Buffer.byteLength(ask.body)) };
    const sent = httpRequest({ host: "127.0.0.1", port: ask.port ?? this.door.port, path, method: ask.method ?? "GET", headers: { host, ...length, ...ask.headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    sent.on("error", reject);
    sent.end(ask.body);
    return promise;
  }

  socket(port = this.door.port): Socket {
    return connect(port, "127.0.0.1").on("error", () => {});
  }

  /** Asks as somebody of the wide web does. */
  web(host: string, path: string, ask: Ask = {}): Promise<Reply> {
    return this.ask(host, path, { ...ask, port: this.door.web[0]!.port });
  }

  /** Sends exactly these bytes and gives all that comes until the connection ends. */
  async raw(text: string, port = this.door.port): Promise<string> {
    const socket = this.socket(port);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(text, "latin1");
    await new Promise((resolve) => socket.once("close", resolve));
    return Buffer.concat(chunks).toString("latin1");
  }

  /** A GET with its target as it stands, on a connection of its own. */
  async status(host: string, target: string, headers = ""): Promise<number> {
    const reply = await this.raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`);
    return Number(reply.slice(9, 12));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.door.close();
  }
}
