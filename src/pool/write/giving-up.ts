import type { WorkerTurn } from "../../platform/index.ts";
import { timePassed } from "../../platform/index.ts";
import { abortedCodec, isGivenUp } from "../record/fate.ts";
import { majorityOf } from "../record/holders.ts";
import { abortedKey, packKey } from "../record/keys.ts";
import { majorityWord } from "../record/majority-word.ts";
import type { PlaceParts } from "./place.ts";
import type { Unfinished, UnfinishedPack } from "./unfinished.ts";

/** The word comes to a majority within seconds. Where it took so long the machine slept, and a holder may have published the pack meanwhile. */
const SAID_MAX_MS = 300_000;

type Placing = Pick<PlaceParts, "env" | "parts">;

/**
 * The owner's word that a pack is not there, whatever comes late: its holders may let the pieces go.
 * @returns whether a majority of the hosts keeps it by now, so that whoever comes to rely on the pack meets it
 */
async function giveUp({ env, parts }: Placing, { namespace, pack }: UnfinishedPack): Promise<boolean> {
  const saidForMs = timePassed(env.clock);
  const { safe } = await parts.records.write([{ namespace, key: abortedKey(pack), value: abortedCodec.encode({ sinceMs: Math.floor(env.clock.wallMs()) }) }], { copies: majorityOf(parts).count });
  return safe && saidForMs() <= SAID_MAX_MS;
}

/** @returns false where it is to be looked again what became of the pack */
async function settle(placing: Placing, unfinished: UnfinishedPack, isThere: boolean): Promise<boolean> {
  const { env, parts } = placing;
  const { namespace, pack } = unfinished;
  try {
    if (!isThere && (await giveUp(placing, unfinished))) {
      env.log.info("a pack that was sent and not committed is given up", { namespace, pack });
      return true;
    }
  } catch (error) {
    env.log.warn("an unfinished pack could not be given up; its holders keep their pieces", { namespace, pack, error });
    return true;
  }
  // What was said too late or to too few would take away what others have come to rely on, once all hear of it. This host may have stopped before it took that back.
  if (!isThere || isGivenUp(parts.records, namespace, pack)) await parts.records.write([{ namespace, key: abortedKey(pack), value: null }]);
  return isThere;
}

/**
 * "unfinished": gives up what this host began to send and did not commit, in this run or a former one. One that a majority of the hosts knows nothing of
 * was not committed, nor published by a holder since, so nobody can have come to rely on it, nor will once a majority has that word; all others are there,
 * and are swept like anything else that nothing uses. A word that did not come to a majority is taken back, and what became of the pack is looked at anew.
 */
export async function giveUpUnfinished(placing: Placing, unfinished: Unfinished, { signal, report }: WorkerTurn): Promise<void> {
  const { parts } = placing;
  for (const each of unfinished.left) {
    signal.throwIfAborted();
    if (!majorityOf(parts).isInReach) return report(`${unfinished.left.length} packs wait for a majority of the hosts to say whether they know them`);
    const isKnown = parts.records.genesis(each.namespace) !== undefined;
    const record = isKnown ? await majorityWord(placing, each.namespace, packKey(each.pack)) : undefined;
    if (isKnown && record === undefined) return report("too few hosts say whether they know a pack");
    if (!isKnown || (await settle(placing, each, record!.values.length > 0))) await unfinished.settled(each.pack);
    else return report("too few hosts have heard that a pack is given up");
  }
  report("nothing is left of what was cut off");
}
