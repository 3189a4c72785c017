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
  /** What is lost of an answer, after the file was taken. */
  answers: (path: string) => unknown = () => undefined;
  mayCommit: () => unknown = () => undefined;
  #there = new Set<string>();

  async begin(): Promise<string> {
    this.#there = new Set();
    return `id ${(this.begun += 1)}`;
  }

  /** As the host does with a file that breaks off. */
  release(path: string): void {
    this.#there.delete(path);
  }

  async send(_id: string, { path, file }: PickedFile, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const refusal = this.mayTake(path);
    if (refusal !== undefined) throw refusal;
    if (this.#there.has(path)) throw Object.assign(new Error("given twice"), { code: "DUPLICATE_PATH" });
    this.#there.add(path);
    this.took.push(path);
    await Promise.resolve();
    const loss = this.answers(path);
    if (loss !== undefined) throw loss;
    signal.throwIfAborted();
    onBytes(file.size);
  }

  async commit(id: string): Promise<string> {
    const refusal = this.mayCommit();
    if (refusal !== undefined) throw refusal;
    return `committed ${id}`;
  }

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

test("a file whose answer was lost counts as sent when the host says that it is there", async () => {
  const way = new FakeWay();
  const transfer = new Transfer(FILES, way);
  way.answers = (path) => (path === "3.txt" ? new Error("stopped") : undefined);
  await transfer.run();
  assert.equal(transfer.progress.phase, "failed");
  way.answers = () => undefined;
  await transfer.run();
  const { phase, files, bytes } = transfer.progress;
  assert.deepEqual([phase, files, bytes, way.begun, way.took.length], ["done", 10, 50, 1, 10]);
});

test("two files under one path are refused, however often one goes on", async () => {
  const way = new FakeWay();
  const transfer = new Transfer([...FILES, FILES[0]!].map((each) => ({ ...each })), way);
  for (const turn of [1, 2]) {
    await transfer.run();
    assert.deepEqual([transfer.progress.phase, transfer.progress.error], ["failed", "given twice"], `turn ${turn}`);
  }
});

test("when a file did not come in whole after all, going on sends that one again", async () => {
  const way = new FakeWay();
  const transfer = new Transfer(FILES, way);
  way.mayCommit = () => Object.assign(new Error("5.txt did not come in whole"), { code: "INCOMPLETE" });
  await transfer.run();
  assert.deepEqual([transfer.progress.phase, transfer.progress.files, transfer.progress.bytes], ["failed", 0, 0]);
  way.mayCommit = () => undefined;
  way.release("5.txt");
  way.took.length = 0;
  await transfer.run();
  assert.deepEqual([transfer.progress.phase, transfer.progress.files, transfer.progress.bytes, way.took], ["done", 10, 50, ["5.txt"]]);
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

test("what is cancelled after a commit whose answer was lost is not said to be gone, unless the host still had it to abort", async () => {
  const lost = Object.assign(new Error("This host does not answer."), { code: "SILENT" });
  const forgotten = Object.assign(new Error("There is no such publication."), { code: "NO_PUBLICATION" });
  const busy = Object.assign(new Error("It is being committed."), { code: "PUBLICATION_BUSY" });
  const full = Object.assign(new Error("no more room"), { code: "NO_SPACE" });
  const broken = new TypeError("The answer broke off.");
  const cancelled = async (commits: readonly Error[], abort?: Error): Promise<string> => {
    const way = new FakeWay();
    const transfer = new Transfer(FILES.slice(0, 1), way);
    if (abort !== undefined) way.abort = async () => Promise.reject(abort);
    for (const error of commits) {
      way.mayCommit = () => error;
      await transfer.run();
      assert.equal(transfer.progress.phase, "failed");
    }
    await transfer.cancel();
    return transfer.progress.phase;
  };
  assert.equal(await cancelled([lost], forgotten), "unsure");
  assert.equal(await cancelled([lost], busy), "unsure");
  assert.equal(await cancelled([lost], lost), "unsure");
  assert.equal(await cancelled([broken], forgotten), "unsure");
  assert.equal(await cancelled([lost, forgotten, full]), "unsure", "the second is gone, of the first nobody knows");
  assert.equal(await cancelled([lost]), "cancelled", "the host had it still");
  assert.equal(await cancelled([lost, forgotten]), "unsure", "a host that was started again does not know what it has published");
  assert.equal(await cancelled([lost, full], forgotten), "cancelled", "the host said that it could not be done");
  assert.equal(await cancelled([full], forgotten), "cancelled");
  assert.equal(await cancelled([forgotten], forgotten), "cancelled");
});

test("what the host has already is not sent and not counted, and is found out anew when the host has forgotten all", async () => {
  const way = new FakeWay();
  const asked: string[] = [];
  const spare: Way<string>["spare"] = async (id, files) => {
    asked.push(id);
    return new Set(files.slice(2));
  };
  way.mayTake = (path) => (path === "1.txt" && way.begun === 1 ? Object.assign(new Error("forgotten"), { code: "NO_PUBLICATION" }) : undefined);
  const transfer = new Transfer(FILES, Object.assign(way, { spare }));
  const phases = new Set<string>();
  transfer.watch(({ phase }) => phases.add(phase));
  await transfer.run();
  await transfer.run();
  assert.deepEqual([...phases], ["sending", "comparing", "failed", "committing", "done"]);
  assert.deepEqual([transfer.progress.totalFiles, transfer.progress.totalBytes, transfer.progress.files], [2, 10, 2]);
  assert.deepEqual([asked, way.took.toSorted()], [["id 1", "id 2"], ["0.txt", "0.txt", "1.txt"]]);
});
