import type { NamespaceId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { Records } from "../records/index.ts";
import type { Head } from "./head.ts";
import { HEAD_KEY, greatestHead } from "./head.ts";

/** For so long after a new head a path that it lacks is served from the one before, so that a page being loaded finds its parts. */
export const GRACE_MS = 10 * 60 * 1000;

interface Known {
  readonly head: Head;
  /** The head that this host knew before, if it saw the change happen. */
  readonly before: Head | undefined;
  /** By the monotonic clock of this process. */
  readonly learnedMs: number;
}

/** The current head of each site, kept ready, and when this host learned of it. */
export class Heads {
  readonly #env: Env;
  readonly #records: Records;
  readonly #known = new Map<NamespaceId, Known>();

  constructor(env: Env, records: Records) {
    this.#env = env;
    this.#records = records;
  }

  applied(namespace: NamespaceId, keys: readonly string[]): void {
    if (!keys.includes(HEAD_KEY)) return;
    const head = greatestHead(this.#records.local(namespace, HEAD_KEY));
    const known = this.#known.get(namespace);
    if (head === undefined) this.#known.delete(namespace);
    // A head that was there before this process looked is not news: what it lacks has been gone for long, perhaps for a reason.
    else if (known === undefined || sameHead(head, known.head)) this.#known.set(namespace, { head, before: known?.before, learnedMs: known?.learnedMs ?? 0 });
    else this.#known.set(namespace, { head, before: known.head, learnedMs: this.#env.clock.monotonicMs() });
  }

  current(namespace: NamespaceId): Head | undefined {
    const known = this.#known.get(namespace);
    if (known !== undefined) return known.head;
    this.applied(namespace, [HEAD_KEY]);
    return this.#known.get(namespace)?.head;
  }

  /** The head that the current one replaced while this process watched, and whether that is less than ten minutes ago. */
  before(namespace: NamespaceId): { readonly head: Head; readonly isRecent: () => boolean } | undefined {
    const known = this.#known.get(namespace);
    return known?.before && { head: known.before, isRecent: () => this.#env.clock.monotonicMs() - known.learnedMs < GRACE_MS };
  }
}

function sameHead(a: Head, b: Head): boolean {
  return a.sequence === b.sequence && a.root === b.root && a.manifest.id === b.manifest.id;
}
