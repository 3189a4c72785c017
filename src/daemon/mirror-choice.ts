import type { NamespaceId } from "../codec/index.ts";
import type { Mirrors } from "../pool/index.ts";
import { DaemonError } from "./errors.ts";
import type { LiveSettings } from "./live-settings.ts";

/** In place of a namespace: every site, also those to come. */
const ALL = "all";

/** Which sites this host keeps by its own choice, as its settings say. */
export class MirrorChoice implements Mirrors {
  readonly #settings: Pick<LiveSettings, "mirrors" | "releasing" | "change">;

  constructor(settings: Pick<LiveSettings, "mirrors" | "releasing" | "change">) {
    this.#settings = settings;
  }

  get isAll(): boolean {
    return this.#settings.mirrors.includes(ALL);
  }

  isMirrored(namespace: NamespaceId): boolean {
    const { mirrors } = this.#settings;
    return mirrors.length > 0 && (this.isAll || mirrors.includes(namespace));
  }

  releasing(): readonly NamespaceId[] {
    return this.#settings.releasing.filter((each) => !this.isMirrored(each as NamespaceId)) as NamespaceId[];
  }

  released(namespace: NamespaceId): Promise<void> {
    return this.#settings.change({ releasing: this.#settings.releasing.filter((each) => each !== namespace) });
  }

  add(what: NamespaceId | "all"): Promise<void> {
    const { mirrors, releasing } = this.#settings;
    return this.#settings.change({ mirrors: [...new Set([...mirrors, what])], releasing: what === ALL ? [] : releasing.filter((each) => each !== what) });
  }

  /** @param known all sites there are. @throws DaemonError ALL_MIRRORED */
  async end(what: NamespaceId | "all", known: readonly NamespaceId[]): Promise<void> {
    const { mirrors, releasing } = this.#settings;
    if (what !== ALL && this.isAll) throw new DaemonError("ALL_MIRRORED", 'This host mirrors all sites. "holdfast mirror --off" ends that; then mirror those that are to stay.');
    const ended = what !== ALL ? [what] : known.filter((each) => this.isMirrored(each));
    await this.#settings.change({ mirrors: what === ALL ? [] : mirrors.filter((each) => each !== what), releasing: [...new Set([...releasing, ...ended])] });
  }
}
