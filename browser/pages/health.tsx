import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { EntryFaultRow, EntryRow, PoolRow, WhereRow, WorkerRow } from "../../src/door/index.ts";
import { askJson } from "../api.ts";
import type { Live } from "../live.ts";
import { useAsked } from "../parts/asked.ts";
import { useNow } from "../parts/now.ts";
import { PiecesPicture } from "../parts/pieces.tsx";
import { Title } from "../parts/shell.tsx";
import { texts } from "../texts.ts";

const EVENTS_SHOWN = 40;
const LOOK_EVERY_MS = 3_000;
/** Sites, and as many private things, of which one is chosen. */
const THINGS_MAX = 100;

export function HealthPage({ live }: { readonly live: Live }): JSX.Element {
  const nowMs = useNow();
  const { status, events } = live;
  const pool = useAsked((signal) => askJson<PoolRow>("GET", "/pool", { signal }), [], LOOK_EVERY_MS);
  const workers = useAsked(async (signal) => (await askJson<{ workers: WorkerRow[] }>("GET", "/workers", { signal })).workers, [], LOOK_EVERY_MS);
  return (
    <>
      <Title network={status?.network.name}>{status?.health ?? texts.loading}</Title>
      {status === undefined || status.nextStep === null ? null : <p class="lead">{texts.health.next(status.nextStep)}</p>}
      {pool.value === undefined ? null : <PoolWords pool={pool.value} />}
      {status === undefined ? null : <p>{status.coordinator === null ? texts.health.noCoordinator(status.whyNoCoordinator) : texts.health.coordinator(status.coordinator.name, status.coordinator.term)}</p>}
      {pool.value === undefined ? null : <WhatLiesWhere pool={pool.value} />}
      <Pieces live={live} />
      <section>
        <h2>{texts.health.eventsTitle}</h2>
        {events.length === 0 ? <p class="soft">{texts.health.noEvents}</p> : null}
        <ol class="events">
          {events.slice(-EVENTS_SHOWN).reverse().map((event) => <li key={event.number}><time>{texts.health.at(event.atMs, nowMs)}</time> {texts.health.event(event)}</li>)}
        </ol>
      </section>
      <section>
        <h2>{texts.health.workersTitle}</h2>
        <ul class="rows small">
          {workers.value?.map((worker) => <li key={worker.name}><span class={`dot ${worker.lastError === null ? worker.state : "suspect"}`} /><span class="main"><b>{worker.name}</b></span><span class="soft">{texts.health.worker(worker, nowMs)}</span></li>)}
        </ul>
      </section>
    </>
  );
}

function PoolWords({ pool: { isCounting, repair, usedBytes, offeredBytes, freeBytes } }: { readonly pool: PoolRow }): JSX.Element {
  const whole = isCounting ? "" : texts.health.whole;
  return <p>{repair.shortPieces === 0 ? whole : texts.health.repairing(repair.shortPieces, repair.shortBytes, repair.secondsLeft)} {texts.health.space(usedBytes, offeredBytes, freeBytes)}</p>;
}

function WhatLiesWhere({ pool }: { readonly pool: PoolRow }): JSX.Element {
  return (
    <section>
      <h2>{texts.health.whereTitle}</h2>
      <p class="soft">{texts.health.whereAbout}</p>
      <ul class="bars">
        {pool.hosts.map((host) => {
          const used = host.usedBytes ?? host.pieceBytes;
          return (
            <li key={host.id} class={host.presence}>
              <b>{host.name}</b>
              <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="space" width="100" height="6" /><rect class="used" width={Math.max(used > 0 ? 1.5 : 0, Math.min(100, (100 * used) / host.capacityBytes))} height="6" /></svg>
              <span class="soft">{texts.health.pieces(host.pieces, host.pieceBytes)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The picture of one thing at a time: what survives least, until something else is chosen. */
function Pieces({ live }: { readonly live: Live }): JSX.Element | null {
  const [chosen, setChosen] = useState<string>();
  const entries = useAsked(async (signal) => (await askJson<{ entries: (EntryRow | EntryFaultRow)[] }>("GET", "/entries", { signal })).entries, []);
  const sites = live.sites.filter(({ head }) => head !== null).sort((a, b) => (a.survivesNow ?? 0) - (b.survivesNow ?? 0)).slice(0, THINGS_MAX);
  const things = [...sites.map(({ name }) => [name, texts.pieces.site(name)] as const), ...(entries.value ?? []).flatMap((entry) => ("code" in entry ? [] : [[entry.id, texts.pieces.entry(entry.name)] as const])).slice(0, THINGS_MAX)];
  const thing = chosen ?? things[0]?.[0];
  const where = useAsked(async (signal) => (thing === undefined ? undefined : askJson<WhereRow>("GET", `/where/${encodeURIComponent(thing)}`, { signal })), [thing], LOOK_EVERY_MS);
  if (thing === undefined) return null;
  return (
    <section>
      <h2>{texts.pieces.title}</h2>
      <p class="soft">{texts.pieces.about}</p>
      <p class="line"><label for="thing">{texts.pieces.choose}</label> <select id="thing" value={thing} onChange={(event) => setChosen(event.currentTarget.value)}>{things.map(([id, words]) => <option key={id} value={id}>{words}</option>)}</select></p>
      {where.error === undefined ? null : <p class="error" role="alert">{where.error}</p>}
      {where.value === undefined ? null : <PiecesPicture where={where.value} hosts={live.hosts} />}
    </section>
  );
}
