import { packKey, abortedKey } from "../record/keys.ts";
import { abortedCodec } from "../record/fate.ts";
import type { WorkerTurn } from "../../platform/index.ts";
import { majorityOf } from "../record/holders.ts";
import { majorityWord } from "../record/majority-word.ts";
import type { PlaceParts } from "./place.ts";
import type { Unfinished, UnfinishedPack } from "./unfinished.ts";

/** The owner's word that a pack is not there, whatever comes late: its holders may let the pieces go. Asks for it to be kept by a majority of the hosts. */
async function giveUp({ env, parts }: Pick<PlaceParts, "env" | "parts">, { namespace, pack }: UnfinishedPack): Promise<void> {
  try {
    await parts.records.write([{ namespace, key: abortedKey(pack), value: abortedCodec.encode({ sinceMs: Math.floor(env.clock.wallMs()) }) }], { copies: majorityOf(parts).count });
  } catch (error) {
    env.log.warn("an unfinished pack could not be given up; its holders keep their pieces", { namespace, pack, error });
  }
}

/**
 * "unfinished": gives up what this host began to send and did not commit, in this run or a former one. One that a majority of the hosts knows nothing of
 * was not committed, nor published by a holder since, so nobody can have come to rely on it; all others are there, and are swept like anything else
 * that nothing uses.
 */
export async function giveUpUnfinished(placing: Pick<PlaceParts, "env" | "parts">, unfinished: Unfinished, { signal, report }: WorkerTurn): Promise<void> {
  const { env, parts } = placing;
  for (const each of unfinished.left) {
    signal.throwIfAborted();
    if (!majorityOf(parts).isInReach) return report(`${unfinished.left.length} packs wait for a majority of the hosts to say whether they know them`);
    const isKnown = parts.records.genesis(each.namespace) !== undefined;
    const record = isKnown ? await majorityWord(placing, each.namespace, packKey(each.pack)) : undefined;
    if (isKnown && record === undefined) return report("too few hosts say whether they know a pack");
    if (record?.values.length === 0) {
      env.log.info("a pack that was sent and not committed is given up", { namespace: each.namespace, pack: each.pack });
      await giveUp(placing, each);
    }
    await unfinished.settled(each.pack);
  }
  report("nothing is left of what was cut off");
}
