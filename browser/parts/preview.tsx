import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, askJson, wordsOf } from "../api.ts";
import type { Preview } from "../preview.ts";
import { encodedPath } from "../send.ts";
import { texts } from "../texts.ts";

function contentOf(id: string, path: string, signal?: AbortSignal): Promise<Response> {
  return ask("GET", `/entries/${encodeURIComponent(id)}/content/${encodedPath(path)}`, { signal });
}

/** Has the web browser save a private file, or all of a folder as one archive. It asks by itself and sends no token along, so the address lets it in. */
export async function download(id: string, path?: string): Promise<void> {
  const { address } = await askJson<{ address: string }>("POST", `/entries/${encodeURIComponent(id)}/downloads`, { json: path === undefined ? {} : { path } });
  Object.assign(document.createElement("a"), { href: address, download: "" }).click();
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
