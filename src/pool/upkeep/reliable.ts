import type { NamespaceId, PackId } from "../../codec/index.ts";
import { Limiter, timePassed } from "../../platform/index.ts";
import type { KeepParts } from "../hold/hold.ts";
import { condemnedCodec } from "../record/fate.ts";
import { majorityOf } from "../record/holders.ts";
import { abortedKey, condemnedKey, packKey } from "../record/keys.ts";
import { majorityWord } from "../record/majority-word.ts";

/** Packs that are asked about at the same time. A pack's record has up to some hundred KB, and comes from every host in reach. */
const ASKED_ABREAST = 32;

/**
 * Those of the packs that may be relied on by something new: they are there, and a majority of the hosts does not know that they were
 * deleted, or condemned long ago. Of those that were lately the next look finds that they are in use again. None where no majority answers, or so
 * late, because the machine slept, that its answers are old.
 */
export async function reliable(keep: KeepParts, namespace: NamespaceId, packs: Iterable<PackId>): Promise<ReadonlySet<PackId>> {
  const { env, parts, catalog } = keep;
  const found = new Set<PackId>();
  const askedForMs = timePassed(env.clock);
  if (!majorityOf(parts).isInReach) return found;
  const look = async (pack: PackId): Promise<void> => {
    if (catalog.facts(namespace, pack) === undefined) return;
    const [condemned, aborted] = await Promise.all([condemnedKey, abortedKey].map((keyOf) => majorityWord(keep, namespace, keyOf(pack))));
    // Given up by a writer that was cut off, while a holder published it: it is not there.
    if (condemned === undefined || aborted === undefined || aborted.values.length > 0) return;
    const isYoung = condemned.values.every((value) => Math.abs(env.clock.wallMs() - condemnedCodec.decode(value).sinceMs) < spareMs(parts));
    // Asked last: a deletion takes the word that the pack is condemned with it, so whoever comes too late for that word meets the deletion.
    if (!isYoung || !(await isThere(keep, namespace, pack))) return;
    found.add(pack);
  };
  const abreast = new Limiter(ASKED_ABREAST);
  await Promise.all([...packs].map((pack) => abreast.run(() => look(pack))));
  // What is written by these answers must have come to whoever looks next, whose records may be old, too.
  return askedForMs() < oldMs(parts) / 2 ? found : new Set();
}

/**
 * Whether what this host has stored since then may be relied on without asking: nothing is deleted sooner than `condemned-for` after somebody found
 * it unused. Goes by the clock on the wall, which a machine that sleeps in the midst of an upload does not stop.
 */
export function staysSince({ env, parts }: KeepParts, wallMs: number): boolean {
  const ageMs = env.clock.wallMs() - wallMs;
  return ageMs >= 0 && ageMs < spareMs(parts);
}

/** Whether a majority has the pack and knows nothing of a deletion. To be asked after whether it is condemned: a deletion takes that word with it. */
export async function isThere(keep: Pick<KeepParts, "env" | "parts">, namespace: NamespaceId, pack: PackId): Promise<boolean> {
  const record = await majorityWord(keep, namespace, packKey(pack));
  return record !== undefined && record.values.length > 0 && !record.isDeleted;
}

/** For so long after it was condemned a pack may be used anew: as long again is left for the next look to find that. */
function spareMs(parts: KeepParts["parts"]): number {
  return parts.condemnedForMs() / 2;
}

/**
 * What a host has found to be used says nothing after so long: it has slept, or was stopped, and its records are as old. After less it may go on,
 * however often it sleeps: what is due may be used anew only in the first half of its time, so this host has heard of that before it fell asleep.
 */
export function oldMs(parts: KeepParts["parts"]): number {
  return parts.condemnedForMs() / 4;
}
