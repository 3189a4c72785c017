import type { HostId } from "../../codec/index.ts";
import type { BulkStream } from "../../net/index.ts";
import type { Env } from "../../platform/index.ts";
import { Limiter, codeOf, withDeadline } from "../../platform/index.ts";
import type { Witness } from "../audit/witness.ts";
import { PoolError } from "../errors.ts";
import { leafCountOf } from "../layout/leaves.ts";
import { GET, emptyCodec, leavesAnswerCodec, leavesRequestCodec } from "../messages.ts";
import type { PoolParts } from "../parts.ts";

/** Streams that one host may have open; one is enough for all its reading, a second one overlaps when the first has just failed. */
const STREAMS_PER_PEER = 4;
/** Answers under way on one stream: one is read from the disk while another is being sent. */
const ANSWERS_PER_STREAM = 3;
/** Answers under way in all: 64 MiB. */
const ANSWERS_MAX = 64;
/** A reader that takes nothing for so long loses its stream, and gives back the memory that its answers hold. */
const STALL_MS = 15_000;

type LeavesRequest = ReturnType<typeof leavesRequestCodec.decode>;

interface Answer {
  readonly outcome: ReturnType<typeof leavesAnswerCodec.decode>["outcome"];
  readonly content?: Uint8Array;
}

/** The holder's side of a read: leaves of pieces with their proofs, many requests on one stream. */
export class Server {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #witness: Witness;
  readonly #streams = new Map<HostId, number>();
  readonly #answers = new Limiter(ANSWERS_MAX);

  constructor(env: Env, parts: PoolParts, witness: Witness) {
    this.#env = env;
    this.#parts = parts;
    this.#witness = witness;
  }

  register(): void {
    this.#parts.transport.handleBulk(GET, (from, header, stream, signal) => this.#accept(from, header, stream, signal));
  }

  async #accept(from: HostId, header: Uint8Array, stream: BulkStream, signal: AbortSignal): Promise<void> {
    if (!this.#parts.roster().members.has(from)) throw new PoolError("REFUSED", "Only members of the network read pieces here.");
    emptyCodec.decode(header);
    const open = this.#streams.get(from) ?? 0;
    if (open >= STREAMS_PER_PEER) throw new PoolError("REFUSED", `A host has at most ${STREAMS_PER_PEER} streams for reading. Use those that are open.`);
    this.#streams.set(from, open + 1);
    try {
      await this.#serve(from, stream, signal);
    } finally {
      const left = this.#streams.get(from)! - 1;
      if (left === 0) this.#streams.delete(from);
      else this.#streams.set(from, left);
    }
  }

  async #serve(from: HostId, stream: BulkStream, outer: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([outer, failed.signal]);
    const places = new Limiter(ANSWERS_PER_STREAM);
    const sending = new Limiter(1);
    const running = new Set<Promise<void>>();
    try {
      for await (const frame of stream.frames()) {
        const request = leavesRequestCodec.decode(frame);
        this.#witness.note(from, request.pack);
        const leave = await places.take(1, signal);
        const job = this.#answer(request, stream, sending, signal).finally(leave);
        running.add(job);
        job.then(
          () => running.delete(job),
          // The reader cannot tell which answer is missing from a stream that goes on: it ends here.
          (error: unknown) => {
            failed.abort(error);
            stream.abort(error instanceof Error ? error : new Error("serving failed"));
          },
        );
      }
      await Promise.all(running);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  async #answer(request: LeavesRequest, stream: BulkStream, sending: Limiter, signal: AbortSignal): Promise<void> {
    await this.#answers.run(async () => {
      const { outcome, content } = await this.#read(request);
      await sending.run(async () => {
        await this.#send(stream, leavesAnswerCodec.encode({ number: request.number, outcome }), signal);
        if (content !== undefined) await this.#send(stream, content, signal);
      }, signal);
    }, signal);
  }

  #send(stream: BulkStream, frame: Uint8Array, signal: AbortSignal): Promise<void> {
    return withDeadline(this.#env, STALL_MS, "Sending leaves of a piece", signal, () => stream.send(frame));
  }

  async #read({ pack, index, firstLeaf, leafCount }: LeavesRequest): Promise<Answer> {
    const { store } = this.#parts;
    const held = store.held(pack, index) ?? store.remains(pack, index);
    if (held === undefined) return { outcome: { kind: "absent", value: {} } };
    const last = leafCountOf(held.sizeBytes);
    if (leafCount < 1 || firstLeaf + leafCount > last) throw new PoolError("BAD_RANGE", `Leaves ${firstLeaf} to ${firstLeaf + leafCount} were asked for; the piece has ${last}.`);
    try {
      const { bytes, proof } = await store.readProven(pack, index, firstLeaf, leafCount);
      return { outcome: { kind: "leaves", value: { sizeBytes: bytes.length, proof: [...proof] } }, content: bytes };
    } catch (error) {
      if (codeOf(error) === "PIECE_MISSING") return { outcome: { kind: "absent", value: {} } };
      this.#env.log.warn("a piece could not be read for another host", { pack, index, error });
      return { outcome: { kind: "damaged", value: {} } };
    }
  }
}
