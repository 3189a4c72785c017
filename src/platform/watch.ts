import { once } from "node:events";
import { relative, sep } from "node:path";
import { raceAbort } from "./deadline.ts";
import type { Env } from "./env.ts";

/** A person saves several files one after another, and a program that builds a site writes thousands. */
const QUIET_MS = 300;
/** What is written without pause is reported all the same. */
const AT_LATEST_MS = 5_000;

export interface FolderWatch {
  /**
   * Resolves when something has changed since it last did, and then nothing has for 300 ms, or 5 s after the first change. Rejects with the
   * signal's reason.
   */
  changed(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * Watches a folder and all below it. Every change from the moment on at which this resolves is reported.
 * @param skips paths below the folder, "/" between their parts, of which nothing is wanted
 */
export async function watchFolder(env: Env, folder: string, skips: (path: string) => boolean): Promise<FolderWatch> {
  // Loaded only where a folder is watched.
  const { watch } = await import("chokidar");
  const watcher = watch(folder, { ignoreInitial: true, ignored: (path) => path !== folder && skips(relative(folder, path).split(sep).join("/")) });
  let firstMs = 0;
  let lastMs = 0;
  let change = Promise.withResolvers<void>();
  let isChanged = false;
  watcher.on("all", () => {
    lastMs = env.clock.monotonicMs();
    if (!isChanged) firstMs = lastMs;
    isChanged = true;
    change.resolve();
  });
  watcher.on("error", (error) => env.log.warn("a part of a folder cannot be watched", { folder, error }));
  await once(watcher, "ready");
  return {
    async changed(signal) {
      await raceAbort(change.promise, signal);
      for (let now = env.clock.monotonicMs(); now - lastMs < QUIET_MS && now - firstMs < AT_LATEST_MS; now = env.clock.monotonicMs()) await env.timers.sleep(QUIET_MS - (now - lastMs), signal);
      isChanged = false;
      change = Promise.withResolvers<void>();
    },
    close: () => watcher.close(),
  };
}
