import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NameServer } from "../src/net/name-server.fixture.ts";
import { MB } from "./figures.ts";
import type { Benchmark } from "./plan.ts";
import { sized } from "./plan.ts";
import { Program, memoryOf } from "./processes.ts";
import { startBareNode } from "./web-servers.ts";

/** Within what a server keeps a silent connection. */
const SETTLE_MS = 3_000;

/** What a host that faces the web takes for visitors who have read a page and say nothing more. */
export const idleConnections: Benchmark = {
  name: "idle-connections",
  async run({ size, bench, say }) {
    const count = sized(size, 1_000, 10_000);
    await using dns = await NameServer.open();
    const host = bench.host("attic");
    await host.ask(["init", "--network", "friends", "--host", "attic", "--capacity", "1GB"]);
    await host.up("--http-listen", "127.0.0.1:0", "--dns", dns.address);
    const folder = join(bench.folder, "page");
    await mkdir(folder);
    await writeFile(join(folder, "index.html"), "<p>a page");
    await host.ask(["publish", folder, "--name", "blog", "--domain", "example.org"]);
    await host.ask(["domains", "blog", "--confirm", "example.org"]);
    const bare = await startBareNode(bench);
    const grown = async (pid: number, port: number): Promise<number> => {
      const before = memoryOf(pid).residentBytes;
      const visitors = new Program(bench, "idle-connections.ts", [String(port), "example.org", String(count)]);
      await visitors.next();
      await sleep(SETTLE_MS);
      const more = memoryOf(pid).residentBytes - before;
      await visitors.stop();
      say(`port ${port}: ${(more / MB).toFixed(0)} MB more for ${count} connections`);
      return more;
    };
    try {
      const [own, peer] = [await grown(host.pid, host.ready!.web[0]!.port), await grown(bare.pids[0]!, bare.port)];
      return [
        {
          what: `memory of ${count.toLocaleString("en")} idle connections`,
          value: own / MB,
          unit: "MB",
          beside: { what: "bare node:http", value: peer / MB, unit: "MB" },
          limit: `${(own / count / 1024).toFixed(1)} KiB a connection, garbage included: node:http's socket, parser and request`,
        },
      ];
    } finally {
      await bare.stop();
    }
  },
};
