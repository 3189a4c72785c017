import type { Clock } from "../../platform/index.ts";
import type { VisitCounter } from "../port.ts";
import type { DayVisits } from "./visit-records.ts";
import { DAYS_MAX, STATUSES_MAX } from "./visit-records.ts";

const DAY_MS = 86_400_000;

interface Counts {
  bytes: number;
  readonly statuses: Map<number, number>;
}

/** Counts the answers of one site on this host. Plain numbers, because they are touched at each request. */
export class Tally implements VisitCounter {
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #days = new Map<number, Counts>();
  #day = -1;
  #counts: Counts = { bytes: 0, statuses: new Map() };
  /** Whether anything has been counted since that was last set to false. */
  isChanged = false;

  /** @param before what this host counted before its last start */
  constructor(clock: Pick<Clock, "wallMs">, before: readonly DayVisits[]) {
    this.#clock = clock;
    for (const { day, bytes, statuses } of before) this.#days.set(day, { bytes, statuses: new Map(statuses.map(({ status, requests }) => [status, requests])) });
  }

  count(status: number, bodyBytes: number): void {
    const { statuses } = this.#today();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    this.sent(bodyBytes);
  }

  sent(bodyBytes: number): void {
    this.#today().bytes += bodyBytes;
    this.isChanged = true;
  }

  /** Ascending. */
  days(): readonly DayVisits[] {
    const days = [...this.#days].sort(([a], [b]) => a - b).slice(-DAYS_MAX);
    return days.map(([day, { bytes, statuses }]) => ({ day, bytes, statuses: [...statuses].sort(([a], [b]) => a - b).slice(0, STATUSES_MAX).map(([status, requests]) => ({ status, requests })) }));
  }

  #today(): Counts {
    const day = Math.floor(this.#clock.wallMs() / DAY_MS);
    if (day === this.#day) return this.#counts;
    this.#day = day;
    this.#counts = this.#days.get(day) ?? { bytes: 0, statuses: new Map() };
    this.#days.set(day, this.#counts);
    for (const old of [...this.#days.keys()].sort((a, b) => a - b).slice(0, -DAYS_MAX)) this.#days.delete(old);
    return this.#counts;
  }
}
