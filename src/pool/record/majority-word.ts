import type { NamespaceId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { timePassed } from "../../platform/index.ts";
import type { PoolParts } from "../parts.ts";
import { majorityOf } from "./holders.ts";

/** What the hosts that have answered show of a key, together. */
export interface MajorityWord {
  readonly values: readonly Uint8Array[];
  /** Somebody shows a deletion that no later write has superseded, values beside it or not. */
  readonly isDeleted: boolean;
}

/** One answer of many gets lost now and then; who says nothing twice is taken to be away. */
const TRIES = 2;
/** Answers take seconds. Where it took so long the machine slept, and what came before is as old as that. */
const ASKED_MAX_MS = 300_000;

/**
 * A key as a majority of the hosts shows it, this one among them; undefined while so many do not answer. Being connected is no answer: a host that
 * has just woken counts connections that are dead, and would take its own old word for that of all.
 */
export async function majorityWord({ env, parts }: { readonly env: Env; readonly parts: PoolParts }, namespace: NamespaceId, key: string): Promise<MajorityWord | undefined> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const askedForMs = timePassed(env.clock);
    const state = await parts.records.read(namespace, key, { fresh: true, deleted: true });
    if ((state?.answered ?? 0) < majorityOf(parts).count || askedForMs() > ASKED_MAX_MS) continue;
    return { values: (state?.siblings ?? []).map(({ value }) => value).filter((value) => value !== null), isDeleted: state?.isDeleted === true };
  }
  return undefined;
}
