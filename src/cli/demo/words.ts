import { relative } from "node:path";
import type { SiteRow } from "../../door/index.ts";
import { invoked } from "../context.ts";
import type { Io } from "../io.ts";
import { count } from "../sizes.ts";
import { table } from "../table.ts";
import type { DemoHost } from "./hosts.ts";
import type { DemoPlan } from "./supervisor.ts";

/** The site's address on a host: the same name at that host's port. */
function siteOn(site: SiteRow, httpPort: number): string {
  return `http://${site.name}.localhost:${httpPort}/`;
}

/** Prints who runs where, and what to try next. */
export function printReady(io: Io, hosts: readonly DemoHost[], site: SiteRow, plan: DemoPlan): void {
  const rows = hosts.map((host) => {
    const ready = host.running?.ready;
    return { name: host.name, address: ready?.url ?? null, browser: ready?.browser ?? null, httpPort: ready?.httpPort ?? null, pid: ready?.pid ?? null, state: ready === undefined ? "stopped" : "online", site: ready === undefined ? null : siteOn(site, ready.httpPort), data: host.data };
  });
  const cells = rows.map((row) => [row.name, row.address ?? "-", row.pid === null ? "-" : String(row.pid), row.state, row.site ?? "-"]);
  io.answer({ ready: true, network: "kelp", site: site.name, root: site.head?.root ?? null, survives: site.survives, hosts: rows }, () =>
    ["", table(["host", "address", { title: "pid", right: true }, "state", "the sample site"], cells), survivesWords(site), "", tryNext(hosts, plan)].join("\n"),
  );
}

function survivesWords(site: SiteRow): string {
  const survives = site.survives ?? 0;
  return survives < 1 ? "The site lies on one host so far." : `The site survives the loss of any ${count(survives, "host")}.`;
}

function tryNext(hosts: readonly DemoHost[], plan: DemoPlan): string {
  const [first, second] = hosts as [DemoHost, DemoHost?];
  const at = (host: DemoHost): string => (relative(process.cwd(), host.data).startsWith("..") ? host.data : relative(process.cwd(), host.data));
  const stopped = second ?? first;
  const lines: [string, string][] = [
    ["open the Browser", `${first.running?.ready.browser ?? "the first host is not running"}   (unplug hosts there, and see the network heal)`],
    ["open the site", "one of the addresses above; the page says which host serves it"],
    ["stop a host", `kill ${stopped.running?.ready.pid ?? "PID"}   (${stopped.name}; the others go on serving)`],
    ["publish a folder", `${invoked()} publish FOLDER --name mine --data ${at(first)}`],
    ["look around", `${invoked()} status --data ${at(first)}   (or hosts, sites, files, workers)`],
    ["join from another machine", plan.listen === undefined ? `${invoked()} invite --data ${at(first)}, and type there what it says` : `start the demo with 'npm start -- --lan', then ${invoked()} invite --data ${at(first)}`],
  ];
  const width = Math.max(...lines.map(([title]) => title.length));
  return `Try next\n${lines.map(([title, words]) => `  ${title.padEnd(width)}   ${words}`).join("\n")}\n\nCtrl-C ends all hosts; the next start finds them again.\n`;
}
