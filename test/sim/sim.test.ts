import "./stand-ins/register.ts";
import assert from "node:assert/strict";
import test from "node:test";

const { simulate } = await import("./simulate.ts");
const { describeRun, findingsOf, replayOf } = await import("./report.ts");

test("the same seed twice gives the same", async () => {
  const [once, again, other] = [await simulate({ seed: 1, operations: 200 }), await simulate({ seed: 1, operations: 200 }), await simulate({ seed: 2, operations: 200 })];
  assert.equal(once.trace, again.trace);
  assert.notEqual(once.trace, other.trace);
});

test("whole hosts keep their promises under faults, over many seeds", async (t) => {
  let operations = 0;
  const begun = performance.now();
  for (let seed = 1; seed <= 3; seed += 1) {
    const report = await simulate({ seed });
    operations += report.operations.length;
    assert.deepEqual(findingsOf(report), [], `${describeRun(report)}\n${replayOf(report)}`);
  }
  t.diagnostic(`${operations} operations in ${Math.round((performance.now() - begun) / 1000)} s`);
});
