import type { LastHonoured } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { MAX_INCARNATIONS } from "./limits.ts";
import { ASK_CONFIRM } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { Replica } from "./replica.ts";

const TIMEOUT_MS = 5000;

/** The highest batches of a host that this one and those in reach have seen: what a removal is to honour, so that little goes that was acknowledged. */
export async function honouredOf(replica: Replica, peers: Peers, inReach: readonly HostId[], host: HostId, signal: AbortSignal): Promise<readonly LastHonoured[]> {
  const everything = { host, incarnation: 0 };
  const ask = async (peer: HostId): Promise<readonly LastHonoured[]> => (await peers.ask(peer, ASK_CONFIRM, everything, TIMEOUT_MS, signal)).highest;
  // The host itself has no say in what is honoured of it.
  const answers = await Promise.allSettled(inReach.filter((peer) => peer !== host).map(ask));
  const seen = [replica.stored.highestBatches(everything), ...answers.map((answer) => (answer.status === "fulfilled" ? answer.value : []))].flat();
  const batches = Map.groupBy(seen, ({ incarnation }) => incarnation);
  const highest = [...batches].map(([incarnation, each]) => ({ incarnation, batch: Math.max(...each.map(({ batch }) => batch)) }));
  return highest.sort((a, b) => a.incarnation - b.incarnation).slice(0, MAX_INCARNATIONS);
}
