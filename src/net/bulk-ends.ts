import type { HostId } from "../codec/index.ts";
import { shortId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { raceAbort, withDeadline } from "../platform/index.ts";
import { BULK, decodeCredit, decodeOpen, encodeCredit, encodeOpen } from "./bulk-frames.ts";
import { BulkLink } from "./bulk-link.ts";
import { NetError } from "./errors.ts";
import type { BulkHandler, BulkStream } from "./port.ts";
import type { ReceiveBudget } from "./receive-budget.ts";
import type { Wire, WireEvents } from "./wire.ts";

export interface BulkEnds {
  readonly peer: HostId;
  readonly budget: ReceiveBudget;
  readonly stallMs: number;
}

/** Begins to feed the receiver of events with what comes from the wire. */
export type MakeWire = (events: WireEvents) => Wire;

export interface OpeningPlan extends BulkEnds {
  readonly kind: string;
  readonly header: Uint8Array;
  /** Aborts the stream whenever in its life it is aborted. */
  readonly signal: AbortSignal | undefined;
  /** Gives back the stream's place. Called once, at its end. */
  readonly onEnd: () => void;
}

/**
 * The opener's end: says what it wants, and waits until the other side has taken the stream.
 * @throws NetError REMOTE when the other side refuses it, BUSY when it has no place, UNREACHABLE; PlatformError DEADLINE
 */
export async function openBulkEnd(env: Env, plan: OpeningPlan, makeWire: MakeWire): Promise<BulkStream> {
  const accepted = Promise.withResolvers<void>();
  const abort = (): void => link.abort(plan.signal?.reason as Error);
  const link = new BulkLink(env, {
    ...plan,
    onFrame: (type, payload) => {
      if (type !== BULK.accept) throw new NetError("PROTOCOL", "The other host sent a bulk frame out of turn.");
      link.addCredit(decodeCredit(payload));
      accepted.resolve();
    },
    onEnd: () => {
      plan.signal?.removeEventListener("abort", abort);
      plan.onEnd();
    },
  }, makeWire);
  plan.signal?.addEventListener("abort", abort, { once: true });
  try {
    // Not before there is a link: it alone ends the wire and gives the place back.
    plan.signal?.throwIfAborted();
    link.post(BULK.open, encodeOpen({ credit: link.beginWindow(), kind: plan.kind, header: plan.header }));
    await withDeadline(env, plan.stallMs, `Opening bulk "${plan.kind}" at host ${shortId(plan.peer)}`, undefined, (signal) => raceAbort(raceAbort(accepted.promise, link.signal), signal));
  } catch (error) {
    link.abort(error as Error);
    throw error instanceof NetError && error.remoteCode === "BUSY" ? new NetError("BUSY", `Host ${shortId(plan.peer)} serves as many bulk streams as it can. Try again in a moment, or ask another.`, { cause: error }) : error;
  }
  return link;
}

export interface AcceptingPlan extends BulkEnds {
  /** A place for the stream, or undefined when there is none. */
  readonly takePlace: () => (() => void) | undefined;
  /** @throws NetError STRANGER, or UNKNOWN_KIND, before anything is accepted */
  readonly find: (from: HostId, kind: string) => BulkHandler;
}

/** The other end: waits for the opener's first frame, runs the handler, and finishes or fails the stream as the handler does. */
export function acceptBulkEnd(env: Env, plan: AcceptingPlan, makeWire: MakeWire): void {
  const release = plan.takePlace();
  const opening = env.timers.after(plan.stallMs, () => link.abort(new NetError("STALLED", "A bulk stream was begun and not opened.")));
  let opened = false;
  const link = new BulkLink(env, {
    ...plan,
    onFrame: (type, payload) => {
      if (type !== BULK.open || opened) throw new NetError("PROTOCOL", "The other host sent a bulk frame out of turn.");
      opened = true;
      opening.cancel();
      if (release === undefined) return link.abort(new NetError("BUSY", "All places for bulk streams are taken."));
      const { credit, kind, header } = decodeOpen(payload);
      link.addCredit(credit);
      void run(plan, link, kind, header);
    },
    onEnd: () => {
      opening.cancel();
      release?.();
    },
  }, makeWire);
}

async function run(plan: AcceptingPlan, link: BulkLink, kind: string, header: Uint8Array): Promise<void> {
  try {
    const handler = plan.find(plan.peer, kind);
    link.post(BULK.accept, encodeCredit(link.beginWindow()));
    await handler(plan.peer, header, link, link.signal);
    await link.complete();
  } catch (error) {
    link.abort(error as Error);
  }
}
