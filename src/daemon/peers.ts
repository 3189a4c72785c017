import { fromUtf8 } from "../codec/index.ts";
import { parsePeersFile } from "../net/index.ts";
import { readIfPresent } from "../platform/index.ts";
import type { AddressBook } from "./address-book.ts";
import { DaemonError } from "./errors.ts";

/** Takes in the addresses of a peers file. @throws DaemonError BAD_SETTINGS, NetError BAD_ADDRESS with the line */
export async function learnPeersFile(path: string | undefined, book: AddressBook): Promise<void> {
  if (path === undefined) return;
  const bytes = await readIfPresent(path);
  if (bytes === undefined) throw new DaemonError("BAD_SETTINGS", `There is no file ${path}. Write one on a connected host with "holdfast hosts --addresses > FILE".`);
  await book.learn(parsePeersFile(textOf(path, bytes)).map(({ peer, addresses }) => ({ host: peer, addresses })));
}

function textOf(path: string, bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    throw new DaemonError("BAD_SETTINGS", `${path} is no list of peers: it is not text. Write one on a connected host with "holdfast hosts --addresses > FILE".`, { cause: error });
  }
}
