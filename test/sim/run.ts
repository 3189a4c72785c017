import "./stand-ins/register.ts";
import { parseArgs } from "node:util";

// npm run sim -- --seed N: one run in words. --seeds COUNT: so many from a random seed on, or from --seed. --hosts H, --operations O.
// --calm: without faults. --faults "A,B": these kinds only, and often. --long: hosts are gone, and deletions old, after seconds, and the run is as long as that takes to show;
// so is each eighth seed, where hosts are not counted out. --read-along: every line of the trace. --until-found: no further than the first seed with findings. --for SECONDS:
// no new seed is begun after so long. With many seeds, standard error tells each minute how far they are.

const { simulate } = await import("./simulate.ts");
const { describeRun, findingsOf, replayOf } = await import("./report.ts");

const { values } = parseArgs({
  options: { seed: { type: "string" }, seeds: { type: "string" }, hosts: { type: "string" }, operations: { type: "string" }, calm: { type: "boolean", default: false }, faults: { type: "string" }, long: { type: "boolean", default: false }, "read-along": { type: "boolean", default: false }, "until-found": { type: "boolean", default: false }, for: { type: "string" } },
});

function whole(name: "seed" | "seeds" | "hosts" | "operations" | "for", otherwise: number): number {
  const given = values[name] === undefined ? otherwise : Number(values[name]);
  if (!Number.isSafeInteger(given) || given < 0) throw new Error(`--${name} takes a whole number`);
  return given;
}

const first = whole("seed", Math.floor(Math.random() * 2 ** 31));
const count = whole("seeds", values.seed === undefined ? 100 : 1);
const more = [
  ...(values.hosts === undefined ? [] : [`--hosts ${values.hosts}`]),
  ...(values.operations === undefined ? [] : [`--operations ${values.operations}`]),
  ...(values.calm ? ["--calm"] : []),
  ...(values.faults === undefined ? [] : [`--faults "${values.faults}"`]),
  ...(values.long ? ["--long"] : []),
];
const LONG_EVERY = 8;
const TELL_EVERY_MS = 60_000;
const faults = values.calm ? [] : values.faults?.split(",");
const begun = performance.now();
const longestMs = values.for === undefined ? Infinity : whole("for", 0) * 1000;
let [operations, failed, played] = [0, 0, 0];
let toldAt = begun;
for (let seed = first; seed < first + count && performance.now() - begun < longestMs; seed += 1) {
  played += 1;
  const report = await simulate({
    seed,
    ...(faults === undefined ? {} : { faults }),
    isLong: values.long || (values.hosts === undefined && seed % LONG_EVERY === 0),
    ...(values.hosts === undefined ? {} : { hosts: whole("hosts", 0) }),
    ...(values.operations === undefined ? {} : { operations: whole("operations", 0) }),
    ...(values["read-along"] ? { readAlong: (line: string) => console.log(line) } : {}),
  });
  operations += report.operations.length;
  const isBad = findingsOf(report).length > 0;
  if (count === 1 || isBad) console.log(describeRun(report));
  const replay = replayOf(report, more.map((each) => ` ${each}`).join(""));
  if (isBad) console.log(replay);
  failed += isBad ? 1 : 0;
  if (isBad && values["until-found"]) break;
  // Found in the middle of a long run: whoever waits for its end can look at it now.
  if (isBad && count > 1) console.error(`findings with ${replay}`);
  if (performance.now() - toldAt >= TELL_EVERY_MS) {
    toldAt = performance.now();
    console.error(`${played} of ${count} seeds from ${first}: ${failed} with findings so far`);
  }
}
const ms = performance.now() - begun;
console.log(`${played} seeds from ${first}: ${failed} with findings, ${operations} operations in ${(ms / 1000).toFixed(1)} s (${Math.round((operations / ms) * 1000)} a second)`);
if (failed > 0) process.exitCode = 1;
