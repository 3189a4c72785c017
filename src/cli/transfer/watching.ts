import { join } from "node:path";
import type { Env } from "../../platform/index.ts";
import { statIfPresent, watchFolder } from "../../platform/index.ts";
import type { Skips } from "./ignore.ts";
import { IGNORE_FILE, readIgnore } from "./ignore.ts";

/**
 * Yields whenever something has changed in a folder that may be published. When its `.holdfastignore` has, what that no longer names is watched as well.
 * Says when it watches. Ends with what the signal is aborted with.
 */
export async function* changesIn(env: Env, root: string, signal: AbortSignal, onWatching: () => void): AsyncGenerator<void> {
  for (let isFirst = true; ; isFirst = false) {
    const rules = await stampOf(root);
    // Whoever scans the folder next says what is wrong with the rules.
    const skips = await readIgnore(root).catch((): Skips => () => false);
    // Whether a path is a folder is not known here; what is no file to publish under either reading need not be watched.
    const watch = await watchFolder(env, root, (path) => path !== IGNORE_FILE && (skips(path) || skips(`${path}/`)));
    try {
      if (isFirst) onWatching();
      else yield;
      for (;;) {
        await watch.changed(signal);
        if ((await stampOf(root)) !== rules) break;
        yield;
      }
    } finally {
      await watch.close();
    }
  }
}

async function stampOf(root: string): Promise<string> {
  const found = await statIfPresent(join(root, IGNORE_FILE));
  return found === undefined ? "" : `${found.kind} ${found.sizeBytes} ${found.modifiedMs}`;
}
