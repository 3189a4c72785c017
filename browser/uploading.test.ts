import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";

/** What a page has and a test has not, until the test ends: others run in the same process. */
function lend(t: TestContext, globals: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(globals)) {
    const own = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    t.after(() => (own === undefined ? Reflect.deleteProperty(globalThis, name) : Object.defineProperty(globalThis, name, own)));
  }
}

/** A host that takes everything, the first upload only once the gate is open; what it is asked is noted. */
function fakeHost(t: TestContext, gate: Promise<void>): readonly string[] {
  const asked: string[] = [];
  let begun = 0;
  const answer = async (path: string, { method, body }: { readonly method: string; readonly body?: string }): Promise<Response> => {
    asked.push(`${method} ${path} ${body ?? ""}`);
    if (path === "/api/uploads" && (begun += 1) === 1) await gate;
    return Response.json({ id: `u${begun}` });
  };
  class Sending extends EventTarget {
    readonly upload = new EventTarget();
    readonly status = 200;
    open(method: string, path: string): void {
      asked.push(`${method} ${path}`);
    }
    setRequestHeader(): void {}
    send(): void {
      queueMicrotask(() => this.dispatchEvent(new Event("load")));
    }
  }
  lend(t, { localStorage: { getItem: () => "token" }, fetch: answer, XMLHttpRequest: Sending });
  return asked;
}

test("of things that are dropped together, one that is cancelled before its turn comes is neither sent nor kept, and the others are", async (t) => {
  const gate = Promise.withResolvers<void>();
  const asked = fakeHost(t, gate.promise);
  const { put } = await import("./uploading.ts");
  const files = ["film", "diary", "letter"].map((path) => ({ path, file: new File(["12345"], path) }));
  const kept = Promise.withResolvers<void>();
  let keptCount = 0;
  const [film, diary, letter] = put({ name: "", isFolder: false, files }, () => (keptCount += 1) === 2 && kept.resolve()).map(({ transfer }) => transfer);
  assert.deepEqual([film, diary, letter].map((each) => each!.progress.phase), ["sending", "waiting", "waiting"]);
  await diary!.cancel();
  gate.resolve();
  await kept.promise;
  assert.deepEqual([film, diary, letter].map((each) => each!.progress.phase), ["done", "cancelled", "done"]);
  assert.deepEqual(asked.filter((each) => each.includes("diary")), []);
  assert.equal(asked.filter((each) => each.includes("commit")).length, 2);
});
