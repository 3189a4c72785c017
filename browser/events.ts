import type { EventRow, NewsRow } from "../src/door/index.ts";

const EVENTS_MAX = 500;

/** The events to be shown after a line of the event stream, oldest first. A host that was started anew knows nothing of what it told before, and numbers its events from one again. */
export function eventsAfter(known: readonly EventRow[], { events = [], forgotten }: Pick<NewsRow, "events" | "forgotten">): readonly EventRow[] {
  if (forgotten === null) return events;
  return events.length === 0 ? known : [...known, ...events].slice(-EVENTS_MAX);
}
