import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EntryRow, PrivateRow } from "../../src/door/index.ts";
import { ask, wordsOf } from "../api.ts";
import { archiveOf } from "../archive.ts";
import type { Preview } from "../preview.ts";
import { encodedPath } from "../send.ts";
import { texts } from "../texts.ts";

function contentOf(id: string, path: string, signal?: AbortSignal): Promise<Response> {
  return ask("GET", `/entries/${encodeURIComponent(id)}/content/${encodedPath(path)}`, { signal });
}

/** Brings a private file onto this machine's disk. */
export async function download(id: string, path: string): Promise<void> {
  save(await (await contentOf(id, path)).blob(), path.split("/").at(-1)!);
}

/** The same with a whole folder, as one archive. */
export async function downloadAll({ id, name }: EntryRow, rows: readonly PrivateRow[], onFile: (number: number) => void): Promise<void> {
  save(await archiveOf(name, rows, (path) => contentOf(id, path), onFile), `${name}.zip`);
}

function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  // The web browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A private file as picture, film, sound, PDF or letters. */
export function PreviewOf({ id, path, preview }: { readonly id: string; readonly path: string; readonly preview: Preview }): JSX.Element {
  const [shown, setShown] = useState<string>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    const stop = new AbortController();
    let url: string | undefined;
    const load = async (): Promise<void> => {
      const answer = await contentOf(id, path, stop.signal);
      if (preview.kind === "text") return setShown(await answer.text());
      url = URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: preview.type }));
      if (!stop.signal.aborted) setShown(url);
    };
    load().catch((thrown: unknown) => {
      if (!stop.signal.aborted) setError(wordsOf(thrown));
    });
    return () => {
      stop.abort();
      if (url !== undefined) URL.revokeObjectURL(url);
    };
  }, [id, path, preview.kind]);
  if (error !== undefined) return <p class="error" role="alert">{error}</p>;
  if (shown === undefined) return <p class="soft">{texts.loading}</p>;
  switch (preview.kind) {
    case "picture":
      return <img class="shown" src={shown} alt={path} />;
    case "film":
      return <video class="shown" src={shown} controls aria-label={path} />;
    case "sound":
      return <audio class="shown" src={shown} controls aria-label={path} />;
    case "pdf":
      return <iframe class="shown pdf" src={shown} title={path} />;
    case "text":
      return <pre class="shown" tabIndex={0}>{shown}</pre>;
  }
}
