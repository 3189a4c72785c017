import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import test, { after, before } from "node:test";
import { MemoryBlockstore } from "blockstore-core";
import { importer } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { CID } from "multiformats/cid";
import { DAG_PB, blobIdFromBytes } from "../../codec/index.ts";
import type { BlobId } from "../../codec/index.ts";
import { TestDoor } from "../fakes/harness.ts";
import type { Reply } from "../fakes/harness.ts";

// Trees made by the reference importer, taken from the door as a verifying client takes them: block by block, or as CAR. One door for all.

let door: TestDoor;
let root: string;
const blocks = new Map<string, Uint8Array>();
/** More names than one block of a folder takes, so that it is sharded. */
const MANY = 1200;
const pageNamed = (at: number): string => `${"long-name-".repeat(20)}${at}.html`;

before(async () => {
  door = await TestDoor.open();
  const candidates = [
    { path: "site/index.html", content: Buffer.from("front") },
    { path: "site/film.bin", content: Uint8Array.from({ length: 5000 }, (_, at) => Math.floor(at / 7) % 251) },
    { path: "site/docs/a.html", content: Buffer.from("a") },
    ...Array.from({ length: MANY }, (_, at) => ({ path: `site/many/${pageNamed(at)}`, content: Buffer.from(`page ${at}`) })),
  ];
  const put = async (cid: CID, bytes: unknown): Promise<CID> => {
    blocks.set(cid.toString(), bytes as Uint8Array);
    return cid;
  };
  const store = Object.assign(new MemoryBlockstore(), { put });
  for await (const entry of importer(candidates, store, { profile: "unixfs-v1-2025", chunker: fixedSize({ chunkSize: 1000 }) })) root = entry.cid.toString();
  door.sites.blocks = blocks;
});
after(() => door[Symbol.asyncDispose]());

function get(path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Reply> {
  return door.ask(`localhost:${door.door.port}`, path, { method, headers });
}

/** The blocks of a CARv1, each compared with its id as any verifier does. */
function blocksOf(car: Buffer): { readonly roots: string; readonly ids: BlobId[] } {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = car[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const headLength = varint();
  const roots = car.subarray(at, (at += headLength)).toString("hex");
  const ids: BlobId[] = [];
  while (at < car.length) {
    const end = varint() + at;
    const id = blobIdFromBytes(car.subarray(at, at + 36));
    assert.deepEqual(createHash("sha256").update(car.subarray(at + 36, end)).digest(), Buffer.from(CID.parse(id).multihash.digest));
    ids.push(id);
    at = end;
  }
  assert.equal(at, car.length);
  return { roots, ids };
}

test("a block is given raw, as an attachment that never changes, by Accept and by the address", async () => {
  for (const [path, headers] of [[`/ipfs/${root}?format=raw`, {}], [`/ipfs/${root}`, { accept: "application/vnd.ipld.raw" }]] as const) {
    const { status, headers: got, body } = await get(path, headers);
    assert.equal(status, 200);
    assert.deepEqual(body, Buffer.from(blocks.get(root)!));
    assert.deepEqual([got["content-type"], got["content-disposition"], got.etag, got["x-ipfs-roots"], got["x-content-type-options"]], ["application/vnd.ipld.raw", `attachment; filename="${root}.bin"`, `"${root}.raw"`, root, "nosniff"]);
    assert.match(got["cache-control"]!, /immutable/);
    assert.equal((await get(path, { ...headers, "if-none-match": got.etag! })).status, 304);
    const head = await get(path, headers, "HEAD");
    assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, String(body.length), 0]);
  }
});

test("a path leads through folders, sharded ones included, to the block of its end", async () => {
  for (const [path, text] of [["index.html", "front"], ["docs/a.html", "a"], [`many/${pageNamed(0)}`, "page 0"], [`many/${pageNamed(MANY - 1)}`, `page ${MANY - 1}`]]) {
    const { status, body, headers } = await get(`/ipfs/${root}/${path}?format=raw`);
    assert.deepEqual([status, body.toString(), headers["x-ipfs-path"]], [200, text, `/ipfs/${root}/${path}`]);
  }
  for (const path of ["none", "index.html/x", "many/none", "docs/"]) assert.equal((await get(`/ipfs/${root}/${path}/x?format=raw`)).status, 404, path);
});

test("a CAR has every block below its root once, the root first, each as its id says", async () => {
  const { status, headers, body } = await get(`/ipfs/${root}?format=car`);
  assert.deepEqual([status, headers["content-type"]], [200, "application/vnd.ipld.car; version=1; order=dfs; dups=n"]);
  const { roots, ids } = blocksOf(body);
  assert.equal(roots, `a265726f6f747381d82a582500${Buffer.from(CID.parse(root).bytes).toString("hex")}6776657273696f6e01`);
  assert.equal(ids[0], root);
  assert.deepEqual([...ids].sort(), [...blocks.keys()].sort());
});

test("a CAR of a part has the way to it, and of what it leads to the block, the file or folder, or all below", async () => {
  const car = async (path: string, scope: string): Promise<BlobId[]> => blocksOf((await get(`/ipfs/${root}/${path}?format=car&dag-scope=${scope}`)).body).ids;
  assert.equal((await car("film.bin", "block")).length, 2);
  assert.equal((await car("film.bin", "entity")).length, 2 + 5);
  assert.equal((await car("docs", "entity")).length, 2);
  assert.equal((await car("docs", "all")).length, 3);
  const shards = await car("many", "entity");
  assert.ok(shards.length > 100 && shards.every((id) => CID.parse(id).code === DAG_PB));
  assert.equal((await car("many", "all")).filter((id) => CID.parse(id).code !== DAG_PB).length, MANY);
});

test("what is no block's address, or not asked for in a form that can be verified, is refused, and nothing is ever rendered", async () => {
  for (const [path, status] of [
    [`/ipfs/${root}`, 406],
    [`/ipfs/${root}/index.html`, 406],
    [`/ipfs/${root}?format=tar`, 406],
    [`/ipfs/${root}?format=car&dag-scope=some`, 400],
    ["/ipfs/?format=raw", 400],
    ["/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG?format=raw", 400],
    [`/ipfs/${root}/%2e%2e?format=raw`, 400],
    [`/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy?format=raw`, 404],
    ["/ipfs/bafkqaaa?format=raw", 200],
  ] as const) {
    const reply = await get(path, { accept: "text/html" });
    assert.equal(reply.status, status, path);
    assert.doesNotMatch(reply.headers["content-type"]!, /html/);
  }
  assert.equal((await get("/ipfs/bafkqaaa?format=raw")).headers["x-ipfs-path"], "/ipfs/bafkqaaa");
  assert.equal((await get(`/ipfs/${root}?format=raw`, {}, "POST")).status, 405);
  assert.equal((await get(`/ipfs/${root}`, { accept: "application/vnd.ipld.car; version=2" })).status, 406);
  assert.equal((await door.site("blog", `/ipfs/${root}?format=raw`)).status, 404, "a site's own addresses are its own");
});

test("a CAR of which a block is out of reach breaks off", async () => {
  const gone = [...blocks].find(([, bytes]) => Buffer.from(bytes).toString() === "page 700")!;
  blocks.delete(gone[0]);
  await assert.rejects(get(`/ipfs/${root}?format=car`), /aborted|hang up/);
  blocks.set(...gone);
});

test("what is being fetched for a CAR is given up when its reader goes away", async (t) => {
  const givenUp = Promise.withResolvers<unknown>();
  let asked = 0;
  t.mock.method(door.sites, "block", async (id: string, signal: AbortSignal) => {
    asked += 1;
    if (asked < 3) return blocks.get(id);
    signal.addEventListener("abort", () => givenUp.resolve(signal.reason));
    await givenUp.promise;
    return undefined;
  });
  const asking = request({ host: "127.0.0.1", port: door.door.port, path: `/ipfs/${root}?format=car`, headers: { host: `localhost:${door.door.port}` } }).on("error", () => {});
  const [response] = (await once(asking.end(), "response")) as [IncomingMessage];
  response.on("error", () => {}).once("data", () => asking.destroy());
  assert.equal(((await givenUp.promise) as { code: string }).code, "CLIENT_GONE");
});

test("blocks that are asked for and not read are held to the bound for all", async () => {
  const size = 32 * 1024 * 1024;
  await using other = await TestDoor.open();
  other.sites.blocks = new Map([[root, new Uint8Array(size)]]);
  const sockets = Array.from({ length: 12 }, () => other.socket());
  for (const socket of sockets) socket.pause().write(`GET /ipfs/${root}?format=raw HTTP/1.1\r\nHost: localhost:${other.door.port}\r\n\r\n`);
  const ask = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\d+)$`, "m").exec((await other.ask(`localhost:${other.door.port}`, "/metrics", {})).body.toString())![1]);
  while ((await ask("holdfast_http_sent_bytes_total")) < 12 * size);
  assert.ok((await ask("holdfast_http_cut_off_clients_total")) >= 4);
  for (const socket of sockets) socket.destroy();
});
