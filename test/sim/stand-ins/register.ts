import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

// One file of the program is exchanged in a simulation, and no other: what signs, because Ed25519 would take most of a run's time and is
// proven elsewhere. Loaded before the program is.

const ORIGINAL = "/src/crypto/signature.ts";
const STAND_IN = pathToFileURL(join(import.meta.dirname, "signature.ts")).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    return resolved.url.endsWith(ORIGINAL) ? { ...resolved, url: STAND_IN } : resolved;
  },
});
