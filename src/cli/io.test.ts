import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";

const IO = new URL("./io.ts", import.meta.url).href;

/** The exit code of a command whose words there nobody reads. @param script uses `io`, once nobody does */
async function exitCodeUnread(stream: "stdout" | "stderr", script: string): Promise<number | null> {
  const program = `import { standardIo } from ${JSON.stringify(IO)}; process.stdin.once("data", async () => { process.stdin.destroy(); const io = standardIo(true); ${script} });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "pipe" });
  const ended = once(child, "exit");
  child[stream].destroy();
  await once(child[stream], "close");
  child.stdin.end("go");
  return ((await ended) as [number | null])[0];
}

const FAIL = "await new Promise(setImmediate); process.exitCode = 4;";

for (const [what, stream, script, code] of [
  ["a note", "stderr", `io.note("no"); io.note("still no"); ${FAIL}`, 4],
  ["an answer", "stdout", `io.answer({ error: {} }, () => ""); ${FAIL}`, 4],
  ["rows", "stdout", "for (;;) { await io.row(1); await new Promise(setImmediate); }", 0],
] as const) {
  test(`a command that writes ${what} which nobody reads ends with ${code}`, async () => {
    assert.equal(await exitCodeUnread(stream, script), code);
  });
}
