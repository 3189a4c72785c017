import { cp, glob, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { rolldown } from "rolldown";

const ROOT = resolve(import.meta.dirname, "..");

/**
 * Writes the program as JavaScript into a folder, replacing what is there: `main.js`, with the libraries in it, and what only some commands
 * need in files beside it, and the Browser, as `npm ci` has built it. A host then loads a few files in place of a thousand, and starts in half of the time. Node also refuses to strip
 * types below node_modules, so a package could not carry the sources.
 */
export async function bundle(folder: string): Promise<void> {
  const input: Record<string, string> = { main: join(ROOT, "src/cli/main.ts") };
  // A thread is started from a file of its own, which stands beside the one that starts it.
  for await (const file of glob("src/**/*-{thread,worker}.ts", { cwd: ROOT })) input[basename(file, ".ts")] = join(ROOT, file);
  await rm(folder, { recursive: true, force: true });
  const bundled = await rolldown({ input, platform: "node", cwd: ROOT, logLevel: "warn" });
  try {
    await bundled.write({ dir: folder, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" });
  } finally {
    await bundled.close();
  }
  await cp(join(ROOT, "package.json"), join(folder, "package.json"));
  await cp(join(ROOT, "browser/built"), join(folder, "browser"), { recursive: true });
}
