import { DoorError } from "../errors.ts";
import type { Happening } from "./happenings.ts";

/** Something that happened, as this host saw it. */
export type Event = Happening & { readonly number: number; readonly atMs: number };

/** What a reader who was away is told first. */
export interface Resumption {
  /** To be shown when the connection was lost, for what is missed meanwhile. */
  readonly position: string;
  /** What happened since the position shown, oldest first; of a new reader all that is remembered. */
  readonly events: readonly Event[];
  /** How many more there were, which are forgotten; null when the host was started anew since, and nobody can tell. */
  readonly forgotten: number | null;
}

const REMEMBERED = 500;
const POSITION = /^(?<run>[a-z2-7]+)\.(?<number>\d{1,15})$/;

/** The last things that happened, numbered. They are remembered for as long as the host runs. */
export class Chronicle {
  /** Tells one run of the host from another. */
  readonly #run: string;
  readonly #events: Event[] = [];
  #last = 0;

  constructor(run: string) {
    this.#run = run;
  }

  add(happenings: readonly Happening[], atMs: number): readonly Event[] {
    const events = happenings.map((happening) => ({ ...happening, number: (this.#last += 1), atMs }));
    this.#events.push(...events);
    this.#events.splice(0, Math.max(0, this.#events.length - REMEMBERED));
    return events;
  }

  /** @throws DoorError BAD_REQUEST for what is no position */
  resume(position: string | undefined): Resumption {
    const here = `${this.#run}.${this.#last}`;
    if (position === undefined) return { position: here, events: [...this.#events], forgotten: 0 };
    const { run, number } = POSITION.exec(position)?.groups ?? {};
    if (run === undefined) throw new DoorError("BAD_REQUEST", "The header Last-Event-ID says no position that this host gave out. Leave it out.");
    if (run !== this.#run) return { position: here, events: [...this.#events], forgotten: null };
    const seen = Number(number);
    const events = this.#events.filter((event) => event.number > seen);
    return { position: here, events, forgotten: Math.max(0, this.#last - seen - events.length) };
  }

  get position(): string {
    return `${this.#run}.${this.#last}`;
  }
}
