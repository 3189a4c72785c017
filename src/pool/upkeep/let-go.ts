// How a host gets rid of a piece that is there in plenty. Deleting is never the first step: it withdraws its claim, which all others see and
// repair by; asks those that claim the piece whether they have it, on their disks, and are not letting it go themselves; and deletes when enough
// of them answer that they do. Otherwise it claims the piece again. Where it is stopped in between, the piece lies on its disk unclaimed, and is
// claimed again at the next start.

import type { HostId } from "../../codec/index.ts";
import type { PackFacts } from "../record/catalog.ts";
import { hostsOf } from "../record/holders.ts";
import type { KeepParts } from "../hold/hold.ts";
import { claimKey } from "../record/keys.ts";
import { HAS, hasAnswerCodec, hasCodec } from "../messages.ts";
import { place } from "../write/place.ts";
import { rebuild } from "../read/rebuild.ts";
import { claimWrite } from "../write/writer.ts";
import { viewOf } from "./census.ts";
import { counts, weigh } from "./weigh.ts";

const ASK_MS = 5_000;

/**
 * Deletes a piece of this host's if enough others have it, by the records and by their own answers. Packs for all hosts are never let go.
 * @returns whether it is deleted
 */
export async function letGo({ env, parts, catalog, offers, going }: KeepParts, facts: PackFacts, index: number, signal: AbortSignal): Promise<boolean> {
  const { namespace, pack, pieceBytes, k, copies } = facts;
  const view = viewOf(parts);
  const isReplaced = (): boolean => weigh(facts, catalog.holdings(namespace, pack), view).partings.find(({ host, index: each }) => host === parts.self && each === index)?.isReplaced === true;
  // Suspicion deletes nothing.
  if ((k === 1 && copies === "all") || !counts(view.stay(parts.self)) || !isReplaced() || !going.begin(pack, index)) return false;
  try {
    await parts.records.write([{ namespace, key: claimKey(pack, index, parts.self), value: null }], { as: "host" });
    if (await haveEnough({ parts, catalog }, facts, index, signal)) {
      await parts.store.remove(pack, index);
      return true;
    }
    await parts.records.write([claimWrite(namespace, offers.ownClaim({ namespace, pack, index, sizeBytes: pieceBytes }))], { as: "host" });
    return false;
  } finally {
    going.end(pack, index);
    env.log.debug("a piece was to be let go", { pack, index });
  }
}

/** Whether as many other hosts as should have the piece stay, and answer that they have it. */
export async function haveEnough({ parts, catalog }: Pick<KeepParts, "parts" | "catalog">, facts: PackFacts, index: number, signal: AbortSignal): Promise<boolean> {
  const { namespace, pack, k, copies } = facts;
  const answering = await Promise.all(hostsOf(catalog.holdings(namespace, pack)).map(async (host) => ((await answersThat(parts, host, facts, index, signal)) ? [host] : [])));
  const view = viewOf(parts);
  const staying = new Set(answering.flat().filter((host) => view.stay(host) === "stays"));
  return staying.size >= (k > 1 || copies === "all" ? 1 : Math.max(1, Math.min(copies, view.takers)));
}

async function answersThat({ self, transport }: KeepParts["parts"], host: HostId, { pack, k, m }: PackFacts, index: number, signal: AbortSignal): Promise<boolean> {
  if (host === self || !transport.connected().includes(host)) return false;
  try {
    const answer = await transport.request(host, HAS, hasCodec.encode({ pack, pieces: k + m }), { timeoutMs: ASK_MS, signal });
    return hasAnswerCodec.decode(answer).indexes.includes(index);
  } catch {
    // Who does not answer does not say that it has the piece.
    return false;
  }
}

/** Puts a piece of this host's on another one, zones apart from those that hold the pack already. @returns whether one took it */
export async function handOn(keep: KeepParts, facts: PackFacts, index: number, signal: AbortSignal): Promise<boolean> {
  const holders = hostsOf(keep.catalog.holdings(facts.namespace, facts.pack));
  const { claims } = await place(keep, [rebuild(keep, facts, index)], { exclude: [...holders, keep.parts.self], signal });
  if (claims.length === 0) return false;
  await keep.parts.records.write(claims.map((claim) => claimWrite(facts.namespace, claim)), { as: "host" });
  return true;
}
