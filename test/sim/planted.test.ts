import test, { describe } from "node:test";
import { hunt, plantedBugs } from "./bugs/hunt.ts";
import { PROCESSES, isFull } from "./playing.ts";

describe("the simulation finds a planted bug", { concurrency: PROCESSES }, async () => {
  for (const bug of await plantedBugs()) {
    if (isFull || bug.isQuick) test(bug.name, () => hunt(bug).then(() => undefined));
  }
});
