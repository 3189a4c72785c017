import { makeZip } from "client-zip";
import type { PrivateRow } from "../src/door/index.ts";

/** A file or folder of an archive, as its maker takes it. */
type Item = { readonly name: string; readonly lastModified: number; readonly input?: Response };

/**
 * A private folder as one .zip, written as its files come from the host, one after the other. Nothing is compressed: most of what people keep is.
 * The web browser holds it where it holds what is downloaded, and not in the memory of the page.
 * @param fetchFile the file's bytes
 * @param onFile told of each file that is begun, from 1
 */
export async function archiveOf(name: string, rows: readonly PrivateRow[], fetchFile: (path: string) => Promise<Response>, onFile: (number: number) => void): Promise<Blob> {
  const zip = makeZip(itemsOf(name, rows, fetchFile, onFile));
  return new Response(zip as ReadableStream<Uint8Array<ArrayBuffer>>, { headers: { "content-type": "application/zip" } }).blob();
}

async function* itemsOf(name: string, rows: readonly PrivateRow[], fetchFile: (path: string) => Promise<Response>, onFile: (number: number) => void): AsyncGenerator<Item> {
  let begun = 0;
  for (const { path, kind, modifiedMs } of rows) {
    if (kind === "folder") yield { name: `${name}/${path}/`, lastModified: modifiedMs };
    else {
      onFile((begun += 1));
      yield { name: `${name}/${path}`, lastModified: modifiedMs, input: await fetchFile(path) };
    }
  }
}
