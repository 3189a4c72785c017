import { createRequire, enableCompileCache, findPackageJSON } from "node:module";

// What was compiled once is not compiled again: it takes a third off the start of a host.
enableCompileCache();

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  process.stdout.write(`${version()}\n`);
} else {
  const { main } = await import("./index.ts");
  await main(args, version);
}

function version(): string {
  const nearest = findPackageJSON(import.meta.url);
  const found = nearest === undefined ? {} : (createRequire(import.meta.url)(nearest) as { version?: string });
  return found.version ?? "unknown";
}
