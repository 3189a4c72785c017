import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import test from "node:test";
import { encode, prepare } from "@ipld/dag-pb";
import { BlackHoleBlockstore } from "blockstore-core";
import fc from "fast-check";
import { UnixFS } from "ipfs-unixfs";
import type { ImportCandidate } from "ipfs-unixfs-importer";
import { importer } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";
import { CID } from "multiformats/cid";
import { bytesOfBlobId, utf8 } from "../../codec/index.ts";
import type { DagNode } from "./block.ts";
import { dagPbId, rawLeaf } from "./block.ts";
import { FileDag, chunksOf } from "./file.ts";
import type { FolderItem } from "./folder.ts";
import { writeFolder } from "./folder.ts";
import { UNIXFS_V1_2025 } from "./profile.ts";
import { encodeNode, fileData, varintLength } from "./protobuf.ts";

const ignore = async (): Promise<void> => {};
const { chunkBytes, width, shardAboveBytes } = UNIXFS_V1_2025;

async function* parts(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

async function fileNode(source: AsyncIterable<Uint8Array>, profile = { chunkBytes, width }, sink = ignore): Promise<DagNode> {
  const dag = new FileDag(sink, profile.width);
  for await (const chunk of chunksOf(source, profile.chunkBytes)) await dag.add(rawLeaf(chunk));
  return dag.finish();
}

/** What the reference importer makes of the same. */
async function imported(candidates: Iterable<ImportCandidate>, options: { readonly wrap: boolean; readonly chunkBytes?: number; readonly width?: number }): Promise<{ id: string; dagBytes: number }> {
  const parameters = {
    profile: "unixfs-v1-2025" as const,
    wrapWithDirectory: options.wrap,
    ...(options.chunkBytes === undefined ? {} : { chunker: fixedSize({ chunkSize: options.chunkBytes }) }),
    ...(options.width === undefined ? {} : { layout: balanced({ maxChildrenPerNode: options.width }) }),
  };
  let last: { cid: CID; size: bigint } | undefined;
  for await (const entry of importer(candidates, new BlackHoleBlockstore(), parameters)) last = entry;
  assert.ok(last);
  return { id: last.cid.toString(), dagBytes: Number(last.size) };
}

/** A tree of names: files with their bytes, folders as maps. */
type Tree = Map<string, Tree | Uint8Array>;

async function treeNode(tree: Tree): Promise<DagNode> {
  const items: FolderItem[] = [];
  for (const [name, value] of tree) items.push({ name, node: value instanceof Map ? await treeNode(value) : await fileNode(parts(value)) });
  return writeFolder(items, shardAboveBytes, ignore);
}

function* candidatesOf(tree: Tree, prefix = ""): Generator<ImportCandidate> {
  for (const [name, value] of tree) {
    if (!(value instanceof Map)) yield { path: prefix + name, content: value };
    else if (value.size === 0) yield { path: prefix + name };
    else yield* candidatesOf(value, `${prefix}${name}/`);
  }
}

function flatTree(names: Iterable<string>): Tree {
  return new Map([...names].map((name) => [name, utf8("x")]));
}

/** The key stream with which Kubo's profile tests make their files: ChaCha20 under the seed's SHA-256, nonce 0. */
function keyStream(seed: string): (length: number) => Uint8Array {
  const cipher = createCipheriv("chacha20", createHash("sha256").update(seed).digest(), Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}

async function* kuboFile(seed: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const next = keyStream(seed);
  for (let left = sizeBytes; left > 0; left -= chunkBytes) yield next(Math.min(left, chunkBytes));
}

function kuboNames(lastLength: number): string[] {
  const alphabet = "abcdefghijklmnopqrstuvwxyz01234567890-_";
  const next = keyStream("hamt-unixfs-v1-2025");
  const lengths = [...Array.from({ length: 4765 }, () => 11), lastLength];
  return lengths.map((length) => [...next(length)].map((byte) => alphabet[byte % alphabet.length]).join(""));
}

test("the UnixFS ids are those that IPIP-499 gives for its files", async () => {
  assert.equal((await fileNode(parts(utf8("hello world")))).id, "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
  assert.equal((await fileNode(kuboFile("chunk-v1-seed", chunkBytes))).id, "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta");
  assert.equal((await fileNode(kuboFile("chunk-v1-seed", chunkBytes + 1))).id, "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64");
});

// A GiB is for the soak: that more than 1,024 chunks make a tree of two levels is tried with small ones below.
const inTheSoak = process.env["HOLDFAST_SIZE"] === "1" ? test : (): void => {};

void inTheSoak("the UnixFS id of a file over 1,024 chunks is the one that IPIP-499 gives for 1 GiB and a byte", async () => {
  // The tree over the first 1,024 chunks is that of the file at the limit, so one pass shows both.
  const [atLimit, overLimit] = [new FileDag(ignore, width), new FileDag(ignore, width)];
  let chunks = 0;
  for await (const chunk of chunksOf(kuboFile("v1-2025-seed", width * chunkBytes + 1), chunkBytes)) {
    const leaf = rawLeaf(chunk);
    if (chunks < width) await atLimit.add(leaf);
    await overLimit.add(leaf);
    chunks += 1;
  }
  assert.equal((await atLimit.finish()).id, "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm");
  assert.equal((await overLimit.finish()).id, "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe");
});

test("the UnixFS ids of folders at the sharding threshold, and a byte above, are those that IPIP-499 gives", async () => {
  assert.equal((await treeNode(flatTree(kuboNames(21)))).id, "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4");
  assert.equal((await treeNode(flatTree(kuboNames(22)))).id, "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu");
});

test("the empty folder has the id that all of IPFS knows", async () => {
  assert.equal((await treeNode(new Map())).id, "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354");
});

test("a file's id is the reference importer's at the edges of a chunk", async () => {
  for (const sizeBytes of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes + 7]) {
    const content = new Uint8Array(sizeBytes).fill(sizeBytes % 251);
    const reference = await imported([{ path: "f", content }], { wrap: false });
    const node = await fileNode(parts(content));
    assert.deepEqual({ id: node.id, dagBytes: node.dagBytes }, reference, `${sizeBytes} bytes`);
    assert.equal(node.sizeBytes, sizeBytes);
  }
});

test("a file's id is the reference importer's for any depth of the tree", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 2, max: 7 }), fc.integer({ min: 1, max: 5 }), async (sizeBytes, width, chunkBytes) => {
      const content = Uint8Array.from({ length: sizeBytes }, (_, at) => at % 256);
      const reference = await imported([{ path: "f", content }], { wrap: false, chunkBytes, width });
      const node = await fileNode(parts(content), { chunkBytes, width });
      assert.deepEqual({ id: node.id as string, dagBytes: node.dagBytes }, reference);
    }),
    { numRuns: 60 },
  );
});

test("more than 1,024 chunks make the reference importer's tree of two levels", async () => {
  const content = Uint8Array.from({ length: 1024 * 3 + 1 }, (_, at) => at % 256);
  assert.equal((await fileNode(parts(content), { chunkBytes: 3, width })).id, (await imported([{ path: "f", content }], { wrap: false, chunkBytes: 3, width })).id);
});

/** Any code point; fast-check's own unit of this kind makes a table of all of them first, which takes seconds. */
const codePoint = fc.nat(0x10ffff).map((value) => String.fromCodePoint(value));
const nameArbitrary = fc
  .string({ unit: codePoint, minLength: 1, maxLength: 12 })
  .filter((name) => !/[/\\\0]/.test(name) && name !== "." && name !== ".." && name.isWellFormed());

const treeArbitrary = fc.letrec<{ tree: Tree; node: Tree | Uint8Array }>((tie) => ({
  tree: fc.uniqueArray(fc.tuple(nameArbitrary, tie("node")), { maxLength: 6, selector: ([name]) => name }).map((entries): Tree => new Map(entries)),
  node: fc.oneof({ maxDepth: 3 }, fc.uint8Array({ maxLength: 40 }), tie("tree")),
})).tree;

test("a tree's id is the reference importer's for any names, depths and empty folders", async () => {
  await fc.assert(
    fc.asyncProperty(treeArbitrary.filter((tree) => tree.size > 0), async (tree) => {
      const node = await treeNode(tree);
      assert.deepEqual({ id: node.id as string, dagBytes: node.dagBytes }, await imported(candidatesOf(tree), { wrap: true }));
    }),
    { numRuns: 100 },
  );
});

test("names beyond the basic plane are sorted by their bytes, not by UTF-16", async () => {
  const tree = flatTree(["\u{ffee}", "\u{1f33f}", "z", "ü", "u\u0308"]);
  assert.equal((await treeNode(tree)).id, (await imported(candidatesOf(tree), { wrap: true })).id);
});

test("a sharded folder's id is the reference importer's, shards within shards included", async () => {
  const names = Array.from({ length: 6000 }, (_, at) => `page-${at}-${"é".repeat(at % 9)}.html`);
  const tree: Tree = new Map<string, Tree | Uint8Array>([["big", flatTree(names)], ["index.html", utf8("home")]]);
  assert.equal((await treeNode(tree)).id, (await imported(candidatesOf(tree), { wrap: true })).id);
});

test("a folder of many folders is sharded by the size of its block, as the profile says", async () => {
  // The reference importer leaves folders out of its estimate, so here the block's true size is what counts.
  const child = (await treeNode(new Map())).id;
  const linkBytes = encode(prepare({ Links: [{ Name: "f0000", Tsize: 4, Hash: CID.parse(child) }] })).length;
  const atMost = Math.floor((shardAboveBytes - 4) / linkBytes);
  const node: DagNode = { id: child, sizeBytes: 0, dagBytes: 4 };
  const folder = async (count: number): Promise<Uint8Array[]> => {
    const blocks: Uint8Array[] = [];
    const items = Array.from({ length: count }, (_, at) => ({ name: `f${at.toString().padStart(4, "0")}`, node }));
    await writeFolder(items, shardAboveBytes, async (_id, bytes) => void blocks.push(bytes));
    return blocks;
  };
  assert.equal((await folder(atMost)).length, 1);
  assert.ok((await folder(atMost + 1)).length > 1);
});

/** Sizes of which neither one nor a sum has 32 bits: the package leaves such a number's bytes unwritten. */
const sizeArbitrary = fc.oneof(fc.integer({ min: 0, max: 2 ** 28 }), fc.integer({ min: 2 ** 32, max: 2 ** 48 }));

test("our nodes have the bytes of the dag-pb and UnixFS packages for any sizes", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(nameArbitrary, fc.maxSafeNat(), sizeArbitrary), { maxLength: 5 }), (rows) => {
      const id = rawLeaf(utf8("leaf")).id;
      const ours = encodeNode(
        rows.map(([name, dagBytes]) => ({ name, cid: bytesOfBlobId(id), dagBytes })),
        fileData(rows.map(([, , size]) => size)),
      );
      const data = new UnixFS({ type: "file", blockSizes: rows.map(([, , size]) => BigInt(size)) }).marshal();
      const links = rows.map(([Name, Tsize]) => ({ Name, Tsize, Hash: CID.parse(id) }));
      // `encode` wants sorted links; the order is the caller's business here, so both sides get the sorted one.
      const sorted = prepare({ Data: data, Links: links });
      const order = sorted.Links.map((link) => links.findIndex((each) => each.Name === link.Name && each.Tsize === link.Tsize));
      const inOrder = encodeNode(
        order.map((at) => ({ name: rows[at]![0], cid: bytesOfBlobId(id), dagBytes: rows[at]![1] })),
        data,
      );
      assert.equal(ours.length, inOrder.length);
      assert.deepEqual(inOrder, encode(sorted));
      assert.deepEqual(fileData(rows.map(([, , size]) => size)), new Uint8Array(data));
    }),
  );
});

test("a size of 32 bits has the bytes of the protocol buffers' definition", () => {
  for (const [size, varint] of [[2 ** 31, "8080808008"], [2 ** 32 - 1, "ffffffff0f"]] as const) assert.equal(Buffer.from(fileData([size])).toString("hex"), `080218${varint}20${varint}`);
});

test("a varint's length is that of seven bits a byte", () => {
  for (const [value, length] of [[0, 1], [127, 1], [128, 2], [16_383, 2], [16_384, 3], [2 ** 32, 5], [Number.MAX_SAFE_INTEGER, 8]] as const) assert.equal(varintLength(value), length);
});

test("a chunked stream is the same bytes, however they come", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 })), fc.integer({ min: 1, max: 9 }), async (pieces, size) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of chunksOf(parts(...pieces), size)) chunks.push(chunk);
      assert.deepEqual(Buffer.concat(chunks), Buffer.concat(pieces));
      assert.ok(chunks.slice(0, -1).every((chunk) => chunk.length === size));
      assert.ok(chunks.every((chunk) => chunk.length > 0));
    }),
  );
});

test("every block that a file's id needs is handed out once", async () => {
  const blocks = new Map<string, Uint8Array>();
  const dag = new FileDag(async (id, bytes) => {
    assert.equal(dagPbId(bytes), id);
    assert.ok(!blocks.has(id));
    blocks.set(id, bytes);
  }, 3);
  for (let at = 0; at < 10; at += 1) await dag.add(rawLeaf(Uint8Array.of(at)));
  const root = await dag.finish();
  assert.ok(blocks.has(root.id));
  // Ten leaves under nodes of three: four nodes, two above them, one root.
  assert.equal(blocks.size, 7);
});
