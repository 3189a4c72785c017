import type { IncomingMessage, ServerResponse } from "node:http";
import type { BlobId } from "../../codec/index.ts";
import { DAG_PB, codecOfBlobId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { HoldfastError, withDeadline } from "../../platform/index.ts";
import { readNode, stepTo } from "../../site/index.ts";
import { DoorError, toldOf } from "../errors.ts";
import { stream } from "../gateway/byte-source.ts";
import { listsTag } from "../gateway/conditions.ts";
import type { Stalls } from "../gateway/stalls.ts";
import type { Node } from "../port.ts";
import { sendText } from "../text.ts";
import { httpStatusOf } from "../status.ts";
import type { Traffic } from "../traffic.ts";
import { carOf } from "./car.ts";
import type { Question } from "./question.ts";
import { CAR_TYPE, RAW_TYPE, readQuestion } from "./question.ts";

const PREFIX = "/ipfs/";
/** Content under an id never changes. */
const FOREVER = "public, max-age=29030400, immutable";
const FIRST_BLOCK_MS = 30_000;
/** Whoever asks whether a gateway is there asks for this block, which is empty and in its own id. */
const PROBE = "bafkqaaa";

interface Block {
  readonly id: BlobId;
  readonly bytes: Uint8Array;
}

/**
 * Gives the blocks of sites to whoever verifies them: raw, or as CAR. Nothing is rendered, so that no site's page ever runs at the host's own
 * address. Each block is compared with its id before it is handed out.
 */
export class TrustlessGateway {
  readonly #env: Env;
  readonly #node: Node;
  readonly #stalls: Stalls;
  readonly #traffic: Traffic;

  constructor(env: Env, node: Node, stalls: Stalls, traffic: Traffic) {
    this.#env = env;
    this.#node = node;
    this.#stalls = stalls;
    this.#traffic = traffic;
  }

  serves(target: string): boolean {
    return target.startsWith(PREFIX);
  }

  async handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return sendText(response, this.#traffic, 405, "Blocks can be read, with GET or HEAD.\n");
    }
    try {
      if (isProbe(target)) return this.#send(request, response, PREFIX + PROBE, { root: PROBE, type: RAW_TYPE, name: `${PROBE}.bin`, etag: `"${PROBE}.raw"` }, new Uint8Array(0));
      const question = readQuestion(target, request.headers);
      if (question === undefined) return sendText(response, this.#traffic, 406, "This host gives blocks to whoever verifies them: ask with ?format=raw or ?format=car. Sites have addresses of their own.\n");
      await this.#answer(request, response, question, target);
    } catch (error) {
      this.#fail(response, target, error);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, question: Question, target: string): Promise<void> {
    const way = await withDeadline(this.#env, FIRST_BLOCK_MS, "Finding the block", undefined, (signal) => this.#way(question, signal));
    const { id, bytes } = way.at(-1)!;
    const path = target.split("?", 1)[0]!;
    const { root, format, scope } = question;
    if (format === "raw") return this.#send(request, response, path, { root, type: RAW_TYPE, name: `${id}.bin`, etag: `"${id}.raw"` }, bytes);
    // Two streams of one CAR may differ in their order, so the tag is a weak one.
    const head = { root, type: `${CAR_TYPE}; version=1; order=dfs; dups=n`, name: `${id}.car`, etag: `W/"${root}.${id}.${scope}.car"` };
    if (this.#isKnown(request, head.etag)) return this.#head(response, 304, path, head, []);
    const sendHead = (): void => this.#head(response, 200, path, head, ["Accept-Ranges", "none"], request.method === "HEAD");
    if (request.method === "HEAD") return sendHead();
    const read = (reading: AbortSignal): AsyncIterable<Uint8Array> => carOf(root, way, scope, (each) => this.#block(each, reading));
    await stream(this.#env, response, { what: `all of ${path}`, read }, this.#stalls, this.#traffic, sendHead);
  }

  /** The blocks from the root to where the path leads. @throws DoorError NO_FILE */
  async #way({ root, path }: Question, signal: AbortSignal): Promise<Block[]> {
    const way: Block[] = [{ id: root, bytes: await this.#block(root, signal) }];
    for (const name of path) {
      for (let depth = 0; ; depth++) {
        const { id, bytes } = way.at(-1)!;
        const step = codecOfBlobId(id) === DAG_PB ? stepTo(readNode(bytes), name, depth) : undefined;
        if (step === undefined) throw new DoorError("NO_FILE", `There is no "${name}" there.`);
        way.push({ id: step.id, bytes: await this.#block(step.id, signal) });
        if (!step.isShard) break;
      }
    }
    return way;
  }

  async #block(id: BlobId, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.#node.sites.block(id, signal);
    if (bytes === undefined) throw new DoorError("NO_FILE", `No site of this network has the block ${id}.`);
    return bytes;
  }

  #send(request: IncomingMessage, response: ServerResponse, path: string, head: Head, bytes: Uint8Array): void {
    if (this.#isKnown(request, head.etag)) return this.#head(response, 304, path, head, []);
    this.#head(response, 200, path, head, ["Content-Length", String(bytes.length)], false);
    response.end(request.method === "HEAD" ? undefined : bytes);
    this.#stalls.linger(response);
    this.#traffic.bytes += request.method === "HEAD" ? 0 : bytes.length;
  }

  #isKnown(request: IncomingMessage, etag: string): boolean {
    const known = request.headers["if-none-match"];
    return known !== undefined && listsTag(known, etag.replace(/^W\//, ""), "weak");
  }

  #head(response: ServerResponse, status: number, path: string, { root, type, name, etag }: Head, more: readonly string[], isWhole = status === 304): void {
    response.writeHead(status, [
      "Content-Type", type, "Content-Disposition", `attachment; filename="${name}"`, "X-Content-Type-Options", "nosniff", "Content-Security-Policy", "sandbox",
      "Cross-Origin-Resource-Policy", "same-origin", "ETag", etag, "Cache-Control", FOREVER, "X-Ipfs-Path", path, "X-Ipfs-Roots", root, ...more,
    ]);
    this.#traffic.count(status, 0);
    if (isWhole) response.end();
  }

  /** A stream that breaks off has no end, and so is not taken for whole. */
  #fail(response: ServerResponse, target: string, error: unknown): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (!(error instanceof HoldfastError) || httpStatusOf(error) >= 500) this.#env.log.warn("a block could not be given", { path: target, error });
    sendText(response, this.#traffic, httpStatusOf(error), `${toldOf(error).message}\n`);
  }
}

interface Head {
  readonly root: string;
  readonly type: string;
  readonly name: string;
  readonly etag: string;
}

function isProbe(target: string): boolean {
  return target === `${PREFIX}${PROBE}` || target.startsWith(`${PREFIX}${PROBE}?`);
}
