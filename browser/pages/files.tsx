import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { EntryFaultRow, EntryRow } from "../../src/door/index.ts";
import { askJson } from "../api.ts";
import type { Live } from "../live.ts";
import { useAsked } from "../parts/asked.ts";
import { DropZone, PickButton } from "../parts/drop.tsx";
import { useNow } from "../parts/now.ts";
import { ProgressWords } from "../parts/progress.tsx";
import { Rows } from "../parts/rows.tsx";
import { Title } from "../parts/shell.tsx";
import { Shore } from "../parts/shore.tsx";
import type { Picked } from "../picked.ts";
import { hashOf } from "../route.ts";
import { texts } from "../texts.ts";
import { useProgress } from "../transfer.ts";
import type { Uploading } from "../uploading.ts";
import { currentUploads, put } from "../uploading.ts";

/** Each look unseals what the person keeps; what is put here is shown at once. */
const LOOK_EVERY_MS = 60_000;

export function FilesPage({ live }: { readonly live: Live }): JSX.Element {
  const nowMs = useNow();
  const [uploads, setUploads] = useState(currentUploads());
  const entries = useAsked(async (signal) => (await askJson<{ entries: (EntryRow | EntryFaultRow)[] }>("GET", "/entries", { signal })).entries, [], LOOK_EVERY_MS);
  const keep = (picked: Picked): void => setUploads(put(picked, entries.again));
  const rows = entries.value?.toSorted((a, b) => ("code" in a || "code" in b ? 0 : b.createdMs - a.createdMs));
  return (
    <DropZone hint={texts.files.drop} onPick={keep}>
      <div class="head">
        <Title network={live.status?.network.name}>{texts.files.title}</Title>
        <PickButton kind="files" label={texts.files.putFiles} onPick={keep} />
        <PickButton kind="folder" label={texts.files.putFolder} isQuiet onPick={keep} />
      </div>
      <p class="lead">{texts.files.about}</p>
      {uploads.map((upload) => <Under key={upload.transfer} upload={upload} />)}
      {entries.error === undefined ? null : <p class="error" role="alert">{entries.error}</p>}
      {rows === undefined ? (entries.error === undefined ? <p class="soft">{texts.loading}</p> : null) : null}
      {rows?.length === 0 ? <div class="empty"><Shore /><p>{texts.files.none}</p><p class="soft">{texts.files.noneMore}</p></div> : null}
      {rows === undefined ? null : <Rows rows={rows} keyOf={({ id }) => id} draw={(entry) => <EntryItem entry={entry} nowMs={nowMs} />} />}
    </DropZone>
  );
}

function EntryItem({ entry, nowMs }: { readonly entry: EntryRow | EntryFaultRow; readonly nowMs: number }): JSX.Element {
  if ("code" in entry) return <span class="main"><b>{texts.files.unreadable}</b><span class="error">{entry.message}</span></span>;
  return (
    <span class="main">
      <a class="strong" href={hashOf("files", entry.id)}>{entry.name}</a>
      <span class="soft">{texts.files.entry(entry, nowMs)}</span>
    </span>
  );
}

function Under({ upload: { name, transfer } }: { readonly upload: Uploading }): JSX.Element | null {
  const progress = useProgress(transfer);
  if (progress === undefined || progress.phase === "cancelled") return null;
  if (progress.phase === "unsure") return <p class="notice" role="status">{texts.files.unsure(name)}</p>;
  if (progress.result !== undefined) return <p class="notice" role="status">{texts.files.kept(progress.result)}</p>;
  return <section aria-label={name}><h2>{name}</h2><ProgressWords transfer={transfer} progress={progress} /></section>;
}
