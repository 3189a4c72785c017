import assert from "node:assert/strict";
import test from "node:test";
import type { PickedFile } from "./picked.ts";
import type { Way } from "./transfer.ts";
import { Transfer } from "./transfer.ts";

const FILES: readonly PickedFile[] = Array.from({ length: 10 }, (_, at) => ({ path: `${at}.txt`, file: new File(["12345"], `${at}.txt`) }));

/** Takes files in as long as `mayTake` says so. */
class FakeWay implements Way<string> {
  readonly took: string[] = [];
  aborted: string[] = [];
  begun = 0;
  mayTake: (path: string) => unknown = () => undefined;

  begin = async (): Promise<string> => `id ${(this.begun += 1)}`;

  async send(_id: string, { path, file }: PickedFile, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const refusal = this.mayTake(path);
    if (refusal !== undefined) throw refusal;
    onBytes(file.size);
    this.took.push(path);
    await Promise.resolve();
  }

  commit = async (id: string): Promise<string> => `committed ${id}`;

  abort = async (id: string): Promise<void> => void this.aborted.push(id);
}

test("all files are sent once and then committed", async () => {
  const way = new FakeWay();
  const transfer = new Transfer(FILES, way);
  await transfer.run();
  const { phase, files, bytes, totalBytes, result } = transfer.progress;
  assert.deepEqual([phase, files, bytes, totalBytes, result], ["done", 10, 50, 50, "committed id 1"]);
  assert.deepEqual(way.took.toSorted(), FILES.map(({ path }) => path));
});

test("what was stopped goes on where it was", async () => {
  const way = new FakeWay();
  const transfer = new Transfer(FILES, way);
  way.mayTake = (path) => void (path === "6.txt" && transfer.pause());
  await transfer.run();
  assert.equal(transfer.progress.phase, "paused");
  const before = way.took.length;
  assert.ok(before > 0 && before < 10);
  way.mayTake = () => undefined;
  await transfer.run();
  assert.deepEqual([transfer.progress.phase, way.begun, new Set(way.took).size], ["done", 1, 10]);
});

test("a failure is told, and going on tries what is missing", async () => {
  const way = new FakeWay();
  const transfer = new Transfer(FILES, way);
  way.mayTake = (path) => (path === "3.txt" ? new Error("no more room") : undefined);
  await transfer.run();
  assert.deepEqual([transfer.progress.phase, transfer.progress.error], ["failed", "no more room"]);
  way.mayTake = () => undefined;
  await transfer.run();
  assert.deepEqual([transfer.progress.phase, transfer.progress.error, way.begun], ["done", undefined, 1]);
});

test("when the host has forgotten it, going on begins anew", async () => {
  const way = new FakeWay();
  const transfer = new Transfer(FILES, way);
  way.mayTake = (path) => (path === "9.txt" ? Object.assign(new Error("forgotten"), { code: "NO_PUBLICATION" }) : undefined);
  await transfer.run();
  assert.deepEqual([transfer.progress.phase, transfer.progress.files], ["failed", 0]);
  way.mayTake = () => undefined;
  way.took.length = 0;
  await transfer.run();
  assert.deepEqual([transfer.progress.phase, way.begun, way.took.length, transfer.progress.bytes], ["done", 2, 10, 50]);
});

test("of what is cancelled nothing remains at the host", async () => {
  const way = new FakeWay();
  const transfer = new Transfer(FILES, way);
  const running = transfer.run();
  await Promise.resolve();
  await transfer.cancel();
  await running;
  assert.deepEqual([transfer.progress.phase, way.aborted], ["cancelled", ["id 1"]]);
});
