import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { SiteRow } from "../../src/door/index.ts";
import type { Live } from "../live.ts";
import { DropZone, PickButton } from "../parts/drop.tsx";
import { useNow } from "../parts/now.ts";
import { nameOf, usePeople } from "../parts/people.ts";
import { Rows } from "../parts/rows.tsx";
import { Title } from "../parts/shell.tsx";
import { Shore } from "../parts/shore.tsx";
import type { Picked } from "../picked.ts";
import { goTo, hashOf } from "../route.ts";
import { texts } from "../texts.ts";
import { choose } from "./publish.tsx";

/** With more sites than these, one looks for names. */
const FILTER_FROM = 20;

export function SitesPage({ live }: { readonly live: Live }): JSX.Element {
  const [filter, setFilter] = useState("");
  const nowMs = useNow();
  const wanted = filter.trim().toLowerCase();
  const sites = live.sites.filter(({ name }) => name.includes(wanted));
  const people = usePeople(live.status?.host.name, [live.sites.length]);
  const ownerOf = ({ owner }: SiteRow): string | undefined => (owner === people?.self?.id ? undefined : nameOf(people, owner));
  const publish = (picked: Picked): void => {
    choose(picked);
    goTo("publish");
  };
  return (
    <DropZone hint={texts.publish.drop} onPick={publish}>
      <div class="head">
        <Title network={live.status?.network.name}>{texts.sites.title}</Title>
        <PickButton kind="folder" label={texts.sites.publish} onPick={publish} />
      </div>
      {live.line !== "opening" && live.sites.length === 0 ? <div class="empty"><Shore /><p>{texts.sites.none}</p><p class="soft">{texts.sites.noneMore}</p></div> : null}
      {live.sites.length > FILTER_FROM ? <p><label>{texts.sites.filter} <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} /></label></p> : null}
      <Rows rows={sites} keyOf={({ name }) => name} draw={(site) => <SiteItem site={site} owner={ownerOf(site)} nowMs={nowMs} />} />
    </DropZone>
  );
}

function SiteItem({ site, owner, nowMs }: { readonly site: SiteRow; readonly owner: string | undefined; readonly nowMs: number }): JSX.Element {
  return (
    <>
      <span class="main">
        {site.head === null ? <b>{site.name}</b> : <a class="strong" href={site.address} target="_blank" rel="noopener">{site.name}</a>}
        <span class="soft">{texts.sites.about(site, owner, nowMs)}</span>
      </span>
      <a class="quiet" href={hashOf("sites", site.name)}>{texts.sites.details(site.name)}</a>
    </>
  );
}
