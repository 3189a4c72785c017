import { createInterface } from "node:readline";
import type { DemoLink, DemoSwitch } from "../../door/index.ts";
import type { Env } from "../../platform/index.ts";
import { withDeadline } from "../../platform/index.ts";
import type { Io } from "../io.ts";
import type { Answered } from "./child.ts";

// A host of the demo knows nothing of the processes of the others. What its Browser wants of them it tells the demo's supervisor, a line of
// standard output each; answers come back as lines of standard input.

const ANSWER_MS = 5_000;

export function demoSwitch(env: Env, io: Io): DemoSwitch {
  const waiting = new Map<number, (links: readonly DemoLink[]) => void>();
  let asked = 0;
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { to, links } = JSON.parse(line) as Answered;
    waiting.get(to)?.(links);
  });
  return {
    plug: (host, isPlugged) => void io.row({ wish: { host, isPlugged } }),
    links: () => {
      asked += 1;
      const number = asked;
      const { promise, resolve } = Promise.withResolvers<readonly DemoLink[]>();
      waiting.set(number, resolve);
      void io.row({ asksLinks: number });
      return withDeadline(env, ANSWER_MS, "Asking the demo's supervisor for links", undefined, () => promise).finally(() => waiting.delete(number));
    },
  };
}
