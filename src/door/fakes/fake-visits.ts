import type { HostId, NamespaceId } from "../../codec/index.ts";
import { idFromBytes } from "../../codec/index.ts";
import type { HostVisits, SiteVisits, VisitCounter } from "../../site/index.ts";

/** For tests: remembers what is counted. */
export class FakeVisits implements SiteVisits {
  readonly counted = new Map<NamespaceId, { statuses: number[]; bytes: number }>();
  readonly #counters = new Map<NamespaceId, VisitCounter>();

  counter(site: NamespaceId): VisitCounter {
    const known = this.#counters.get(site);
    if (known !== undefined) return known;
    const counts = { statuses: [] as number[], bytes: 0 };
    this.counted.set(site, counts);
    const sent = (bytes: number): void => void (counts.bytes += bytes);
    const counter: VisitCounter = {
      sent,
      count: (status, bytes) => {
        counts.statuses.push(status);
        sent(bytes);
      },
    };
    this.#counters.set(site, counter);
    return counter;
  }

  of: SiteVisits["of"] = (): readonly HostVisits[] => [{ host: idFromBytes<HostId>(new Uint8Array(32).fill(1)), days: [{ day: 20_785, bytes: 300, statuses: [{ status: 200, requests: 2 }, { status: 404, requests: 1 }] }] }];
}
