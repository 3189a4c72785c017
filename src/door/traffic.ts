import type { VisitCounter } from "../site/index.ts";

/** What the door counts of itself. Plain numbers, because they are touched at each request; /metrics reads them at a scrape. */
export class Traffic implements VisitCounter {
  readonly #byStatus = new Map<number, number>();
  bytes = 0;
  /** Streams that were broken off because the rest of the file did not come. */
  brokenStreams = 0;
  /** Clients cut off because they and others had stopped reading and held too much memory. */
  cutOffClients = 0;

  /** @param bodyBytes what is handed to the connection at once; a stream adds its bytes as they go */
  count(status: number, bodyBytes: number): void {
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1);
    this.bytes += bodyBytes;
  }

  sent(bodyBytes: number): void {
    this.bytes += bodyBytes;
  }

  byStatus(): ReadonlyMap<number, number> {
    return this.#byStatus;
  }
}

/** Counts for the door as a whole and for one site. */
export class SiteTraffic implements VisitCounter {
  readonly #whole: VisitCounter;
  readonly #site: VisitCounter;

  constructor(whole: VisitCounter, site: VisitCounter) {
    this.#whole = whole;
    this.#site = site;
  }

  count(status: number, bodyBytes: number): void {
    this.#whole.count(status, bodyBytes);
    this.#site.count(status, bodyBytes);
  }

  sent(bodyBytes: number): void {
    this.#whole.sent(bodyBytes);
    this.#site.sent(bodyBytes);
  }
}
