import type { NamespaceId } from "../../codec/index.ts";
import type { SiteInfo, SiteVisits, VisitCounter } from "../../site/index.ts";
import { SiteTraffic } from "../traffic.ts";
import type { FileAnswers } from "./file-answer.ts";

/** More sites than that are asked for by somebody who tries all; their counters are made anew. */
const SITES_MAX = 10_000;

interface Counted {
  readonly traffic: VisitCounter;
  readonly files: FileAnswers;
}

/** What answers for one site are counted by, kept ready. */
export class SiteCounts {
  readonly #visits: SiteVisits;
  readonly #files: FileAnswers;
  readonly #whole: VisitCounter;
  readonly #counted = new Map<NamespaceId, Counted>();

  constructor(visits: SiteVisits, files: FileAnswers, whole: VisitCounter) {
    this.#visits = visits;
    this.#files = files;
    this.#whole = whole;
  }

  traffic(site: SiteInfo): VisitCounter {
    return this.#of(site).traffic;
  }

  files(site: SiteInfo): FileAnswers {
    return this.#of(site).files;
  }

  #of({ namespace }: SiteInfo): Counted {
    const known = this.#counted.get(namespace);
    if (known !== undefined) return known;
    if (this.#counted.size >= SITES_MAX) this.#counted.clear();
    const traffic = new SiteTraffic(this.#whole, this.#visits.counter(namespace));
    const counted = { traffic, files: this.#files.countingFor(traffic) };
    this.#counted.set(namespace, counted);
    return counted;
  }
}
