import type { JSX } from "preact";
import type { HostRow } from "../../src/door/index.ts";
import { ask, askJson } from "../api.ts";
import type { Live } from "../live.ts";
import { Applicants } from "../parts/applicants.tsx";
import { useAsked } from "../parts/asked.ts";
import { useNow } from "../parts/now.ts";
import { Rows } from "../parts/rows.tsx";
import { Title } from "../parts/shell.tsx";
import { hashOf } from "../route.ts";
import { texts } from "../texts.ts";

export function HostsPage({ live }: { readonly live: Live }): JSX.Element {
  const nowMs = useNow();
  const { hosts, status } = live;
  const demo = useAsked((signal) => askJson<{ isDemo: boolean }>("GET", "/demo", { signal }), []);
  const isDemo = demo.value?.isDemo === true;
  const online = hosts.filter(({ presence }) => presence === "online").length;
  return (
    <>
      <div class="head">
        <Title network={status?.network.name}>{texts.hosts.title(online, hosts.length)}</Title>
        <a class="button" href={hashOf("invite")}>{texts.hosts.invite}</a>
      </div>
      {isDemo ? <p class="lead">{texts.hosts.demo}</p> : null}
      <Applicants live={live} />
      <Rows rows={hosts} keyOf={({ id }) => id} draw={(host) => <HostItem host={host} nowMs={nowMs} isCoordinator={status?.coordinator?.host === host.id} isDemo={isDemo} />} />
    </>
  );
}

function HostItem({ host, nowMs, isCoordinator, isDemo }: { readonly host: HostRow; readonly nowMs: number; readonly isCoordinator: boolean; readonly isDemo: boolean }): JSX.Element {
  const { lastSeenMs, presence, roundTripMs } = host;
  const facts = [
    texts.hosts.state(host),
    ...(presence === "online" || lastSeenMs === null ? [] : [texts.hosts.lastSeen(nowMs - lastSeenMs)]),
    ...(roundTripMs === undefined ? [] : [texts.hosts.latency(roundTripMs)]),
    ...(host.zone === host.name ? [] : [texts.hosts.zone(host.zone)]),
    ...(isCoordinator ? [texts.hosts.coordinator] : []),
    texts.hosts.version(host.version),
  ];
  return (
    <>
      <span class={`dot ${host.isSuspect ? "suspect" : presence}`} />
      <span class="main">
        <span><a class="strong" href={hashOf("hosts", host.id)}>{host.name}</a>{host.isSelf ? <span class="soft"> {texts.hosts.self}</span> : null}</span>
        <span class="soft">{facts.join(" · ")}</span>
      </span>
      <span class="soft">{texts.hosts.used(host.usedBytes, host.capacityBytes)}</span>
      {isDemo ? <Plug host={host} /> : null}
    </>
  );
}

/** Of the demo, whose supervisor takes hosts away and brings them back. */
function Plug({ host: { name, presence } }: { readonly host: HostRow }): JSX.Element {
  const isPlugged = presence === "online";
  const plug = (): void => void ask("PUT", `/demo/hosts/${encodeURIComponent(name)}`, { json: { isPlugged: !isPlugged } }).catch(() => {});
  return <button class="plain" onClick={plug}>{isPlugged ? texts.hosts.unplug(name) : texts.hosts.plugIn(name)}</button>;
}
