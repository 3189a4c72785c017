import { createRequire } from "node:module";

// Loaded before the tests, for speed: node:test follows every promise from its making to its end, to say in the middle of which test an error
// came that nobody awaited, and that takes a tenth to a half of the tests' time. It is left to notice its own tests alone. An error that
// nobody awaited still fails its file; it is only told without the test's name.

type Init = (this: void, id: number, type: string, trigger: number, resource: object) => void;
type Callbacks = Readonly<Record<string, unknown>>;

const hooks = createRequire(import.meta.url)("node:async_hooks") as { createHook: (callbacks: Callbacks) => unknown };
const { createHook } = hooks;

hooks.createHook = (callbacks) => {
  const isTestRunners = Object.keys(callbacks).join() === "init,destroy" && String(callbacks["init"]).includes("instanceof Test");
  if (!isTestRunners) return createHook(callbacks);
  const notice = callbacks["init"] as Init;
  const init: Init = (id, type, trigger, resource) => {
    if (type === "Test") notice(id, type, trigger, resource);
  };
  return createHook({ init });
};
