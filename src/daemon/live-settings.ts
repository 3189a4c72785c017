import { Limiter } from "../platform/index.ts";
import type { DataDirectory, Settings } from "./directory.ts";

/** The host's settings, which its person may change while it runs. Each change is on the disk before it counts. */
export class LiveSettings implements Settings {
  readonly #directory: DataDirectory;
  readonly #writing = new Limiter(1);
  #now: Settings;

  private constructor(directory: DataDirectory, now: Settings) {
    this.#directory = directory;
    this.#now = now;
  }

  /** @throws DaemonError BAD_SETTINGS */
  static async open(directory: DataDirectory): Promise<LiveSettings> {
    return new LiveSettings(directory, await directory.settings());
  }

  get hostName(): string {
    return this.#now.hostName;
  }

  get zone(): string {
    return this.#now.zone;
  }

  get capacityBytes(): number {
    return this.#now.capacityBytes;
  }

  /** Namespaces of sites that are kept here by choice, or "all". */
  get mirrors(): readonly string[] {
    return this.#now.mirrors ?? [];
  }

  /** Namespaces that were, and whose surplus is still to go. */
  get releasing(): readonly string[] {
    return this.#now.releasing ?? [];
  }

  /** The ports of sites on the local network. */
  get lanPorts(): readonly string[] {
    return this.#now.lanPorts ?? [];
  }

  change(settings: Partial<Settings>): Promise<void> {
    return this.#writing.run(async () => {
      const next = { ...this.#now, ...settings };
      await this.#directory.writeSettings(next);
      this.#now = next;
    });
  }
}
