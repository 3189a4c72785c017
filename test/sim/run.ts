import { parseArgs } from "node:util";
import type { Simulation } from "./simulate.ts";
import { report, simulations } from "./simulate.ts";

// npm run sim [-- merge|replica] [--seed N] [--seeds COUNT]: one seed, or as many as asked for from a random one on.

const { values, positionals } = parseArgs({ options: { seed: { type: "string" }, seeds: { type: "string", default: "1000" } }, allowPositionals: true });
const chosen = positionals.length > 0 ? positionals : Object.keys(simulations);
const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const count = values.seed === undefined ? Number(values.seeds) : 1;
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count)) throw new Error("--seed and --seeds take whole numbers");

for (const name of chosen) {
  const simulate = simulations[name as Simulation];
  if (simulate === undefined) throw new Error(`There is no simulation "${name}"; there are ${Object.keys(simulations).join(", ")}.`);
  const begun = performance.now();
  for (let seed = first; seed < first + count; seed += 1) {
    const findings = await simulate(seed);
    if (findings.length === 0) continue;
    console.error(report(name as Simulation, seed, findings));
    process.exitCode = 1;
    break;
  }
  console.log(`${name}: ${count} seeds from ${first} in ${Math.round(performance.now() - begun)} ms`);
}
