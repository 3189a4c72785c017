import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

// Two files of the program are exchanged in a simulation, and no others: what signs, because Ed25519 takes most of a run's time and is
// proven elsewhere, and what touches the machine's disk, because files are slow and answer when they like. Loaded before the program is.

const STAND_INS = new Map([
  ["/src/crypto/signature.ts", "signature.ts"],
  ["/src/platform/disk.ts", "disk.ts"],
]);

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    for (const [original, file] of STAND_INS) {
      if (resolved.url.endsWith(original)) return { ...resolved, url: pathToFileURL(join(import.meta.dirname, file)).href };
    }
    return resolved;
  },
});
