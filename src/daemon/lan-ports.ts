import type { NamespaceId } from "../codec/index.ts";
import type { SitePorts } from "../door/index.ts";
import type { LiveSettings } from "./live-settings.ts";

/** The ports of sites on the local network, as the host's settings have them: each "NAMESPACE PORT". */
export class LanPorts implements SitePorts {
  readonly #settings: Pick<LiveSettings, "lanPorts" | "change">;

  constructor(settings: Pick<LiveSettings, "lanPorts" | "change">) {
    this.#settings = settings;
  }

  of(site: NamespaceId): number | undefined {
    return this.#each().find(([namespace]) => namespace === site)?.[1];
  }

  all(): ReadonlySet<number> {
    return new Set(this.#each().map(([, port]) => port));
  }

  keep(site: NamespaceId, port: number): Promise<void> {
    return this.#settings.change({ lanPorts: [...this.#settings.lanPorts, `${site} ${port}`] });
  }

  /** A line that a person has spoilt is as if it were not there. */
  #each(): (readonly [string, number])[] {
    return this.#settings.lanPorts.map((line) => line.split(" ")).map(([site = "", port = ""]) => [site, Number(port)] as const).filter(([, port]) => Number.isInteger(port) && port > 0);
  }
}
