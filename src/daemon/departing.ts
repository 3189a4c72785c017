import type { Departure } from "../cluster/index.ts";
import { departureCodec } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import type { Records } from "../records/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";

/**
 * Writes that a host is gone, in place of all that is known here of its departures before: a laptop that comes and goes for years would fill its
 * row, and then nobody could declare it gone. Of several the one with the most returns counts, so none takes the place of one with more.
 */
export async function writeDeparture(records: Pick<Records, "local" | "write">, namespace: NamespaceId, host: HostId, departure: Departure): Promise<void> {
  const key = `gone/${host}`;
  const known = records.local(namespace, key);
  const isSaid = known?.siblings.some(({ value }) => value !== null && departureCodec.decode(value).returns >= departure.returns) === true;
  if (isSaid) return;
  await records.write([{ namespace, key, value: departureCodec.encode(departure), context: known?.context ?? EMPTY_CONTEXT }], { as: "host" });
}
