import type { HostId } from "../codec/index.ts";
import { shortId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { HoldfastError } from "../platform/index.ts";
import { checkKind } from "./control-frames.ts";
import { NetError, UNKNOWN_KIND } from "./errors.ts";
import type { Admission, BulkHandler, RequestHandler } from "./port.ts";
import { REDEEM } from "./port.ts";

/** Refuses what has no handler, under a code of its own: the asker may be newer than this host. */
class UnknownKind extends HoldfastError<typeof UNKNOWN_KIND> {
  constructor(kind: string) {
    super(UNKNOWN_KIND, `This host does not serve "${kind}". Its Holdfast may be older.`);
  }
}

/** Who serves which kind; judges the sender anew at each request, so that a host that was removed a moment ago is refused. */
export class Handlers {
  readonly #env: Env;
  readonly #admission: Admission;
  readonly #requests = new Map<string, RequestHandler>();
  readonly #bulk = new Map<string, BulkHandler>();

  constructor(env: Env, admission: Admission) {
    this.#env = env;
    this.#admission = admission;
  }

  handle(kind: string, handler: RequestHandler): void {
    if (this.#requests.has(checkKind(kind))) throw new Error(`Two handlers for requests of kind "${kind}"`);
    this.#requests.set(kind, handler);
  }

  handleBulk(kind: string, handler: BulkHandler): void {
    if (this.#bulk.has(checkKind(kind))) throw new Error(`Two handlers for bulk of kind "${kind}"`);
    this.#bulk.set(kind, handler);
  }

  /** @throws NetError STRANGER; UNKNOWN_KIND; whatever the handler throws */
  async request(from: HostId, kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    this.#judge(from, kind);
    const handler = this.#requests.get(kind);
    if (handler === undefined) throw new UnknownKind(kind);
    return this.#logged(from, kind, () => handler(from, body, signal));
  }

  /** @throws NetError STRANGER; UNKNOWN_KIND */
  findBulk(from: HostId, kind: string): BulkHandler {
    this.#judge(from, kind);
    const handler = this.#bulk.get(kind);
    if (handler === undefined) throw new UnknownKind(kind);
    return (...call) => this.#logged(from, kind, () => handler(...call));
  }

  #judge(from: HostId, kind: string): void {
    const standing = this.#admission(from);
    if (standing === "member" || (standing === "invite" && kind === REDEEM)) return;
    throw new NetError("STRANGER", standing === "invite" ? "An invite may be redeemed and nothing else." : `Host ${shortId(from)} is not a member of this network. It needs an invite.`);
  }

  // An unforeseen error is told to the asker without its words, so this log is the only place where they are kept.
  async #logged<T>(from: HostId, kind: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HoldfastError)) this.#env.log.error("a handler failed", { kind, from, error });
      else this.#env.log.debug("a request was refused", { kind, from, error });
      throw error;
    }
  }
}
