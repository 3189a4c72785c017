import "../stand-ins/register.ts";

// node test/sim/roster/run.ts SEED: plays one seed and tells its story. With COUNT behind it: so many seeds from there on.

const { playRosters } = await import("./player.ts");

const [first, count = 1] = process.argv.slice(2).map(Number);
if (first === undefined || !Number.isSafeInteger(first) || !Number.isSafeInteger(count)) throw new Error("Usage: node test/sim/roster/run.ts SEED [COUNT]");
let failed = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const findings = playRosters(count === 1 ? { seed, tell: (line) => console.log(line) } : { seed });
  for (const finding of findings) console.log(`seed ${seed}: ${finding}`);
  failed += findings.length > 0 ? 1 : 0;
}
console.log(`${count} seeds from ${first}: ${failed} with findings`);
if (failed > 0) process.exitCode = 1;
