import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { httpGet } from "../../test/cluster/harness.ts";

// One visitor, in a process of its own so that nothing else makes it late: it asks for a page, waits for the answer and asks again. Each line
// it is told, it answers with how long every answer since the line before took, in milliseconds.
const [port, path, host] = process.argv.slice(2) as [string, string, string];
const PAUSE_MS = 10;
let took: number[] = [];
createInterface({ input: process.stdin })
  .on("line", () => {
    process.stdout.write(`${JSON.stringify(took)}\n`);
    took = [];
  })
  .on("close", () => process.exit());
for (;;) {
  await sleep(PAUSE_MS);
  const begun = performance.now();
  const { status } = await httpGet(Number(port), path, { host });
  if (status !== 200) throw new Error(`${host}${path} was answered with ${status}`);
  took.push(performance.now() - begun);
}
