import type { TestEvent } from "node:test/reporters";

/** What is kept of a test: one JSON object a line. */
export interface Outcome {
  readonly file: string;
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly durationMs: number;
  /** 0 for a test that stands in no other. */
  readonly nesting: number;
}

/** A reporter for node:test that writes each test's outcome as a line of JSON, for `tools/test.ts` to count. */
export default async function* outcomes(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const isSkipped = data.skip !== undefined && data.skip !== false;
    const isTodo = data.todo !== undefined && data.todo !== false;
    const outcome = type === "test:fail" ? "failed" : isSkipped || isTodo ? "skipped" : "passed";
    const line: Outcome = { file: data.file ?? "", name: data.name, outcome, durationMs: Math.round(data.details.duration_ms), nesting: data.nesting };
    yield `${JSON.stringify(line)}\n`;
  }
}
