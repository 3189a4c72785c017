import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { HostRow } from "../../src/door/index.ts";
import type { Live } from "../live.ts";
import { forgetMissed } from "../live.ts";
import { currentPublishing } from "../publishing.ts";
import { hashOf } from "../route.ts";
import { arrivedFrom } from "../session.ts";
import { texts } from "../texts.ts";
import { useProgress } from "../transfer.ts";
import { LookUp } from "./look-up.tsx";
import { Mark } from "./mark.tsx";

const PARTS = ["sites", "files", "hosts", "health"] as const;

/** What is around every page: who this is, where one can go, how the network is, and whether the host answers. */
export function Shell({ live, here, children }: { readonly live: Live; readonly here: string; readonly children: ComponentChildren }): JSX.Element {
  const { status } = live;
  return (
    <>
      <a class="skip" href="#page" onClick={toPage}>{texts.nav.skip}</a>
      <header class="top">
        <a class="name" href={hashOf()} aria-label={status === undefined ? texts.nav.home : undefined}><Mark />{status?.network.name ?? ""}</a>
        <LookUp live={live} />
        <nav aria-label={texts.nav.label}>
          {PARTS.map((part) => <a key={part} href={hashOf(part)} aria-current={part === here ? "page" : undefined}>{texts.nav[part]}</a>)}
        </nav>
      </header>
      <Notices live={live} here={here} />
      <main id="page" tabIndex={-1}>{children}</main>
      {status === undefined ? null : <footer>{texts.servedBy(status.host.name, status.version)}</footer>}
    </>
  );
}

/** The # of the address says where one is, so a link there would lead to another page. */
function toPage(event: Event): void {
  event.preventDefault();
  document.getElementById("page")?.focus();
}

function Notices({ live: { line, missed, status, hosts, applicants }, here }: { readonly live: Live; readonly here: string }): JSX.Element {
  const isWell = status !== undefined && !status.isCounting && (status.survives === null || status.survives > 0) && hosts.every(({ presence }) => presence === "online");
  return (
    <div class="notices" role="status">
      {line === "lost" ? <p class="notice lost">{texts.line.lost} <Others hosts={hosts} /></p> : null}
      {line !== "lost" && missed !== undefined && (missed.forgotten !== 0 || missed.late > 0) ? <p class="notice">{texts.line.back(missed.late, missed.forgotten)} <button class="plain" onClick={forgetMissed}>{texts.close}</button></p> : null}
      <CameFrom hosts={hosts} host={status?.host.name} />
      {here === "hosts" || here === "invite" ? null : applicants.map(({ id, host }) => <p key={id} class="notice"><a href={hashOf("hosts")}>{texts.applicants.notice(host)}</a></p>)}
      <UnderWay isShown={here === "publish"} />
      {status === undefined || here === "health" ? null : <a class={isWell ? "health well" : "health ill"} href={hashOf("health")}>{status.health}</a>}
    </div>
  );
}

/** The address may say anything: only a host's name is repeated. */
function CameFrom({ hosts, host }: { readonly hosts: readonly HostRow[]; readonly host: string | undefined }): JSX.Element | null {
  const [isShown, setShown] = useState(true);
  const from = hosts.find(({ name, isSelf }) => !isSelf && name === arrivedFrom());
  if (!isShown || from === undefined || host === undefined) return null;
  return <p class="notice">{texts.line.moved(from.name, host)} <button class="plain" onClick={() => setShown(false)}>{texts.close}</button></p>;
}

/** What is being published while one looks at other pages. */
function UnderWay({ isShown }: { readonly isShown: boolean }): JSX.Element | null {
  const publishing = currentPublishing();
  const progress = useProgress(publishing?.transfer);
  if (publishing === undefined || progress === undefined || isShown) return null;
  return <p class="notice"><a href={hashOf("publish")}>{texts.publish.title(publishing.name)}</a>: {texts.transfer.words(progress)}</p>;
}

/** Hosts on this machine besides this one, as far as is known: their start pages show the same network. */
function Others({ hosts }: { readonly hosts: readonly HostRow[] }): JSX.Element | null {
  const others = hosts.filter(({ isSelf, presence, httpPort, address }) => !isSelf && presence === "online" && httpPort !== undefined && address?.startsWith("/ip4/127.") === true);
  if (others.length === 0) return null;
  return <>{texts.line.others} {others.map(({ id, name, httpPort }, at) => <span key={id}>{at === 0 ? "" : ", "}<a href={`http://${location.hostname}:${httpPort}/`}>{name}</a></span>)}.</>;
}

/** A page's title, which also becomes the window's. */
export function Title({ children, network }: { readonly children: string; readonly network?: string | undefined }): JSX.Element {
  useEffect(() => {
    document.title = network === undefined ? children : `${children} · ${network}`;
  }, [children, network]);
  return <h1>{children}</h1>;
}
