import assert from "node:assert/strict";
import test from "node:test";
import { SharedHandles } from "./shared-handles.ts";

class Handle {
  isClosed = false;

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

function bench(max: number) {
  const handles = new SharedHandles<Handle>(max);
  const opened = new Map<string, Handle[]>();
  const open = (name: string) => async (): Promise<Handle> => {
    const handle = new Handle();
    opened.set(name, [...(opened.get(name) ?? []), handle]);
    return handle;
  };
  const use = <T>(name: string, work: (handle: Handle) => Promise<T>): Promise<T> => handles.use(name, open(name), work);
  const isOpen = (name: string): boolean => opened.get(name)?.some((handle) => !handle.isClosed) === true;
  return { handles, opened, use, isOpen };
}

test("handles are opened once and kept, and the longest unused is closed for a new one", async () => {
  const { handles, opened, use, isOpen } = bench(2);
  for (const name of ["a", "b", "a", "c", "a"]) await use(name, async () => {});
  assert.deepEqual(["a", "b", "c"].map(isOpen), [true, false, true]);
  assert.equal(opened.get("a")?.length, 1);
  assert.equal(handles.size, 2);
});

test("a handle in use is not closed, however many are wanted", async () => {
  const { handles, use, isOpen } = bench(1);
  const gate = Promise.withResolvers<void>();
  const users = ["a", "b", "c"].map((name) => use(name, () => gate.promise));
  await use("d", async (handle) => assert.equal(handle.isClosed, false));
  assert.deepEqual(["a", "b", "c", "d"].map(isOpen), [true, true, true, false]);
  gate.resolve();
  await Promise.all(users);
  assert.equal(handles.size, 1);
  await handles.closeIdle();
  assert.deepEqual(["a", "b", "c"].map(isOpen), [false, false, false]);
});

test("a forgotten handle is closed after its last user, and the next user opens anew", async () => {
  const { handles, opened, use } = bench(4);
  const gate = Promise.withResolvers<void>();
  const first = use("a", async (handle) => {
    await gate.promise;
    assert.equal(handle.isClosed, false);
  });
  await handles.forget("a");
  await use("a", async (handle) => assert.equal(handle, opened.get("a")?.[1]));
  gate.resolve();
  await first;
  assert.deepEqual(opened.get("a")?.map(({ isClosed }) => isClosed), [true, false]);
});

test("a handle that failed to open is tried again", async () => {
  const handles = new SharedHandles<Handle>(4);
  let tries = 0;
  const open = async (): Promise<Handle> => {
    tries += 1;
    if (tries === 1) throw new Error("not now");
    return new Handle();
  };
  const outcomes = await Promise.allSettled([handles.use("a", open, async () => {}), handles.use("a", open, async () => {})]);
  assert.deepEqual(outcomes.map(({ status }) => status), ["rejected", "rejected"]);
  await handles.use("a", open, async () => {});
  assert.equal(tries, 2);
});
