import type { Kv, KvWrite, KvWritten as Written } from "../../kv/index.ts";
import type { Env } from "../../platform/index.ts";
import { readToken } from "../../records/index.ts";
import { DoorError } from "../errors.ts";
import type { Stalls } from "../gateway/stalls.ts";
import { KvChange, KvCreate, KvEntry, KvNamespace, KvRead, KvScan, KvWatch, KvWriteRow, KvWritten, kvEntry } from "../kv-rows.ts";
import { list, object } from "../schema.ts";
import type { Traffic } from "../traffic.ts";
import { sendFeed, untilClosed } from "./feed-stream.ts";
import type { Answer, Call, Route } from "./route.ts";
import { ok } from "./route.ts";
import { LIST_TYPES, answerRows } from "./rows-stream.ts";

const PAGE = 500;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What the routes about keys and values need of the door. */
export interface KvDesk {
  readonly env: Env;
  readonly kv: Kv;
  readonly stalls: Stalls;
  readonly traffic: Traffic;
}

export function kvRoutes(desk: KvDesk): readonly Route[] {
  return [...namespaceRoutes(desk.kv), ...keyRoutes(desk), {
    method: "POST",
    path: "/api/kv/{name}/changes",
    name: "kvWatch",
    summary: "What the keys have become, from a position or from the beginning, and then what they become, for as long as one listens; empty lines in between mean nothing",
    takes: KvWatch,
    gives: { 200: { description: "The changes, one object per line", schema: KvChange, mediaTypes: ["application/x-ndjson"] } },
    handle: (call) => watch(desk, call),
  }];
}

function namespaceRoutes(kv: Kv): readonly Route[] {
  return [
    { method: "GET", path: "/api/kv", name: "kvList", summary: "The namespaces of keys and values that this host has heard of", gives: { 200: { description: "The namespaces", schema: object({ namespaces: list(KvNamespace) }) } }, handle: () => ok({ namespaces: kv.list() }) },
    {
      method: "POST",
      path: "/api/kv",
      name: "kvCreate",
      summary: "Create a namespace with other settings than those it has by itself",
      takes: KvCreate,
      gives: { 201: { description: "Created", schema: KvNamespace }, 202: { description: "Created, but few hosts know yet", schema: KvNamespace } },
      handle: async (call) => {
        const { name, ...settings } = call.body<KvCreate>();
        const { info, safe } = await kv.create(name, settings);
        return { status: safe ? 201 : 202, json: info };
      },
    },
    {
      method: "PUT",
      path: "/api/kv/{name}/follow",
      name: "kvFollow",
      summary: "Keep a copy on this host from now on",
      gives: { 200: { description: "It does" } },
      handle: async (call) => ok((await kv.follow(call.param("name")), {})),
    },
    {
      method: "DELETE",
      path: "/api/kv/{name}/follow",
      name: "kvUnfollow",
      summary: "Keep no copy any more, unless the layout wants one here",
      gives: { 200: { description: "It does not" } },
      handle: async (call) => ok((await kv.unfollow(call.param("name")), {})),
    },
  ];
}

function keyRoutes(desk: KvDesk): readonly Route[] {
  const { kv } = desk;
  return [
    {
      method: "POST",
      path: "/api/kv/{name}/read",
      name: "kvRead",
      summary: "A key's value, or values",
      takes: KvRead,
      gives: { 200: { description: "The values", schema: KvEntry } },
      handle: async (call) => {
        const { key, fresh, after } = call.body<KvRead>();
        return ok(kvEntry(await kv.read(call.param("name"), key, { ...(fresh === undefined ? {} : { fresh }), ...seenBy(after) })));
      },
    },
    {
      method: "POST",
      path: "/api/kv/{name}/write",
      name: "kvWrite",
      summary: "Put a value, or delete",
      takes: KvWriteRow,
      gives: { 200: { description: "Written", schema: KvWritten }, 202: { description: "Written, on fewer hosts than it should be for now", schema: KvWritten } },
      handle: async (call) => {
        const row = call.body<KvWriteRow>();
        return written(await kv.write(call.param("name"), row.key, valueOf(row), howOf(row)));
      },
    },
    {
      method: "POST",
      path: "/api/kv/{name}/scan",
      name: "kvScan",
      summary: "Keys in their order with their values",
      takes: KvScan,
      gives: { 200: { description: "The keys; one object per line when Accept is application/x-ndjson", schema: object({ entries: list(KvEntry) }), mediaTypes: LIST_TYPES } },
      handle: (call) => answerRows(desk, call, "entries", entries(kv, call.param("name"), call.body<KvScan>())),
    },
  ];
}

function seenBy(token: string | undefined): { readonly seen?: ReturnType<typeof readToken> } {
  return token === undefined ? {} : { seen: readToken(token) };
}

function written(result: Written): Answer {
  return { status: result.safe ? 200 : 202, json: result };
}

/** @throws DoorError BAD_REQUEST */
function valueOf({ base64 }: KvWriteRow): Uint8Array | null {
  if (base64 === null) return null;
  if (!BASE64.test(base64)) throw new DoorError("BAD_REQUEST", "The value is not base64.");
  return new Uint8Array(Buffer.from(base64, "base64"));
}

/** @throws DoorError BAD_REQUEST */
function howOf({ supersedes, context }: KvWriteRow): KvWrite {
  if (context === undefined) return supersedes ?? "plain";
  if (supersedes !== undefined) throw new DoorError("BAD_REQUEST", "A write supersedes either what `supersedes` says or what the context names. Leave one of them out.");
  return { context };
}

async function* entries(kv: Kv, name: string, { prefix, limit = Number.MAX_SAFE_INTEGER, after }: KvScan): AsyncGenerator<KvEntry> {
  let beyond: string | undefined;
  for (let left = limit; left > 0; ) {
    const page = await kv.scan(name, { limit: Math.min(PAGE, left), ...(prefix === undefined ? {} : { prefix }), ...(beyond === undefined ? {} : { after: beyond }), ...seenBy(after) });
    for (const state of page.entries.slice(0, left)) yield kvEntry(page.isPartial === true ? { ...state, isPartial: true } : state);
    left -= page.entries.length;
    if (page.next === undefined) return;
    beyond = page.next;
  }
}

async function watch({ env, kv, stalls, traffic }: KvDesk, call: Call): Promise<"sent"> {
  const changes = await kv.changes(call.param("name"), call.body<KvWatch>().from, untilClosed(call.outgoing));
  await sendFeed(env, call.outgoing, stalls, traffic, rowsOf(changes));
  return "sent";
}

async function* rowsOf(changes: Awaited<ReturnType<Kv["changes"]>>): AsyncGenerator<KvChange> {
  for await (const { state, position } of changes) yield { ...kvEntry(state), position };
}
