import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { EntryRow, PrivateRow, WhereRow } from "../../src/door/index.ts";
import { ask, askJson, wordsOf } from "../api.ts";
import type { Live } from "../live.ts";
import { useAsked } from "../parts/asked.ts";
import { Confirm } from "../parts/dialog.tsx";
import { useNow } from "../parts/now.ts";
import { PreviewOf, download } from "../parts/preview.tsx";
import { Rows } from "../parts/rows.tsx";
import { Title } from "../parts/shell.tsx";
import { previewOf } from "../preview.ts";
import { goTo, hashOf } from "../route.ts";
import { texts } from "../texts.ts";

/** @param path of the file that is shown; "" when none is */
export function EntryPage({ live, id, path }: { readonly live: Live; readonly id: string; readonly path: string }): JSX.Element {
  const nowMs = useNow();
  const below = `/entries/${encodeURIComponent(id)}`;
  const entry = useAsked((signal) => askJson<EntryRow>("GET", below, { signal }), [id]);
  const rows = useAsked(async (signal) => (await askJson<{ rows: PrivateRow[] }>("GET", `${below}/files`, { signal })).rows, [id]);
  const where = useAsked((signal) => askJson<WhereRow>("GET", `/where/${encodeURIComponent(id)}`, { signal }), [id]);
  const network = live.status?.network.name;
  const error = entry.error ?? rows.error;
  if (error !== undefined) return <><Title network={network}>{texts.files.unreadable}</Title><p class="error" role="alert">{error}</p><p><a href={hashOf("files")}>{texts.files.back}</a></p></>;
  if (entry.value === undefined || rows.value === undefined) return <p class="soft">{texts.loading}</p>;
  const files = rows.value.filter(({ kind }) => kind === "file");
  const shown = files.find((row) => row.path === path) ?? (entry.value.kind === "file" ? files[0] : undefined);
  return (
    <>
      <p class="soft"><a href={hashOf("files")}>{texts.files.back}</a></p>
      <Title network={network}>{entry.value.name}</Title>
      <p class="lead">{texts.files.entry(entry.value, nowMs)}{where.value === undefined || where.value.survives === null ? "" : `. ${texts.files.survives(where.value.survives)}`}</p>
      {shown === undefined ? null : <Shown id={id} row={shown} isAlone={entry.value.kind === "file"} />}
      {entry.value.kind === "file" ? null : <p class="actions"><Download id={id} /></p>}
      {entry.value.kind === "file" ? null : <Rows rows={files} keyOf={(row) => row.path} draw={(row) => <FileItem id={id} row={row} isShown={row === shown} />} />}
      <Forget entry={entry.value} />
    </>
  );
}

function Shown({ id, row, isAlone }: { readonly id: string; readonly row: PrivateRow; readonly isAlone: boolean }): JSX.Element {
  const preview = previewOf(row.path, row.sizeBytes);
  return (
    <section>
      {isAlone ? null : <h2>{row.path}</h2>}
      {preview === undefined ? <p class="soft">{texts.files.noPreview}</p> : <PreviewOf key={row.path} id={id} path={row.path} preview={preview} />}
      <p class="actions"><Download id={id} path={row.path} /></p>
    </section>
  );
}

function FileItem({ id, row, isShown }: { readonly id: string; readonly row: PrivateRow; readonly isShown: boolean }): JSX.Element {
  return (
    <>
      <span class="main"><a class="strong" href={hashOf("files", id, ...row.path.split("/"))} aria-current={isShown ? "true" : undefined}>{row.path}</a></span>
      <span class="soft">{texts.bytes(row.sizeBytes)}</span>
    </>
  );
}

/** Of one file, or without a path of all of a folder. */
function Download({ id, path }: { readonly id: string; readonly path?: string }): JSX.Element {
  const [error, setError] = useState<string>();
  const go = (): void => {
    setError(undefined);
    void download(id, path).catch((thrown: unknown) => setError(wordsOf(thrown)));
  };
  return <><button onClick={go}>{path === undefined ? texts.files.downloadAll : texts.files.download}</button>{error === undefined ? null : <span class="error" role="alert">{error}</span>}</>;
}

function Forget({ entry }: { readonly entry: EntryRow }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  const yes = async (): Promise<void> => {
    await ask("DELETE", `/entries/${encodeURIComponent(entry.id)}`);
    goTo("files");
  };
  return (
    <section>
      <h2>{texts.files.deleteTitle}</h2>
      <p><button class="quiet grave" onClick={() => setAsked(true)}>{texts.files.delete(entry.name)}</button></p>
      {isAsked ? <Confirm title={texts.files.deleteAsk(entry.name)} action={texts.files.deleteYes} isGrave onYes={yes} onClose={() => setAsked(false)}><p>{texts.files.deleteAbout(entry)}</p></Confirm> : null}
    </section>
  );
}
