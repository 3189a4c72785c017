import { useEffect, useState } from "preact/hooks";
import type { DemoLink, HostRow } from "../src/door/index.ts";
import { askJson } from "./api.ts";
import type { Line, Live } from "./live.ts";

// In the demo all hosts stand on one machine, and the one that serves this page may be unplugged from it. While it answers, the page gets
// links from the demo's supervisor, by this host, that open the Browsers of the others; when it has fallen silent, the page goes to one of
// them. The code of a link stands behind the #, so that it is sent to nobody, and only the port and the code of a link are used: the page goes
// nowhere but to this machine.

/** A link, and the process in which it is good: codes are forgotten when a host is started anew. */
export interface Way {
  readonly host: string;
  readonly pid: number;
  readonly port: string;
  readonly code: string;
}

/** A hiccup moves nobody. */
const SILENT_MS = 2_000;
const STORED = "holdfast.elsewhere";
const LINK = /^http:\/\/127\.0\.0\.1:(\d{1,5})\/#open=([a-z2-7]{26})$/;

type Host = Pick<HostRow, "name" | "presence" | "isSelf" | "pid">;

/** Other hosts that are here, and to which no way is known that still is good. */
export function strangers(hosts: readonly Host[], ways: readonly Way[]): readonly Host[] {
  return hosts.filter(({ name, isSelf, presence, pid }) => !isSelf && presence === "online" && pid !== undefined && !ways.some((way) => way.host === name && way.pid === pid));
}

/** The links as ways, each to the process of its host that is known here. */
export function waysOf(links: readonly DemoLink[], hosts: readonly Host[]): readonly Way[] {
  return links.flatMap(({ host, link }) => {
    const [, port, code] = LINK.exec(link) ?? [];
    const pid = hosts.find(({ name }) => name === host)?.pid;
    return port === undefined || code === undefined || pid === undefined ? [] : [{ host, pid, port, code }];
  });
}

/** Where to go on, on the same page; undefined when no way is left. @param hostname as in this page's own address */
export function wayOn(hosts: readonly Host[], ways: readonly Way[], hostname: string, hash: string): string | undefined {
  const way = ways.find(({ host, pid }) => hosts.some((each) => each.name === host && each.pid === pid && each.presence === "online"));
  const from = hosts.find(({ isSelf }) => isSelf)?.name ?? "";
  return way && `http://${hostname}:${way.port}/#open=${way.code}&from=${encodeURIComponent(from)}&at=${encodeURIComponent(hash.replace(/^#/, ""))}`;
}

/** Kept for this tab alone, so that a page that is read anew does not ask for more links. */
function stored(): readonly Way[] {
  return JSON.parse(sessionStorage.getItem(STORED) ?? "[]") as Way[];
}

/** Knows ways to the other hosts of the demo, and goes one when this host is silent. Does nothing outside of the demo. */
export function useElsewhere({ line, hosts }: Live): void {
  const [isDemo, setDemo] = useState(false);
  useEffect(() => void askJson<{ isDemo: boolean }>("GET", "/demo").then((answer) => setDemo(answer.isDemo), () => {}), []);
  const missing = isDemo && line === "open" ? strangers(hosts, stored()).map(({ name, pid }) => `${name} ${pid}`).join() : "";
  useEffect(() => {
    if (missing === "") return;
    const learn = ({ links }: { readonly links: readonly DemoLink[] }): void => sessionStorage.setItem(STORED, JSON.stringify(waysOf(links, hosts)));
    void askJson<{ links: DemoLink[] }>("POST", "/demo/links").then(learn, () => {});
  }, [missing]);
  useMoving(isDemo, line, hosts);
}

function useMoving(isDemo: boolean, line: Line, hosts: readonly Host[]): void {
  useEffect(() => {
    if (!isDemo || line !== "lost") return undefined;
    const timer = setTimeout(() => {
      const next = wayOn(hosts, stored(), location.hostname, location.hash);
      if (next !== undefined) location.replace(next);
    }, SILENT_MS);
    return () => clearTimeout(timer);
  }, [isDemo, line]);
}
