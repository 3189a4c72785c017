import { readApiAddress } from "../src/daemon/index.ts";
import { HostApi } from "../src/cli/api.ts";
import type { TestHost } from "../test/cluster/harness.ts";

export interface Content {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The API of a running host, by the same client as the command line's, without the cost of a process for each command. */
export async function apiOf(host: TestHost): Promise<HostApi> {
  const address = await readApiAddress(host.data);
  if (address === undefined) throw new Error(`${host.name} has no API`);
  return new HostApi(address.url, address.token, new AbortController().signal);
}

// eslint-disable-next-line typescript/require-await
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1024 ** 2) yield bytes.subarray(at, at + 1024 ** 2);
}

/** Publishes files that are in memory. @param atOnce how many are sent side by side */
export async function publishContents(api: HostApi, name: string, contents: readonly Content[], copies: number | "all" = 3, atOnce = 4): Promise<void> {
  const signal = new AbortController().signal;
  const publication = await api.beginPublication(name, copies, false);
  const rest = contents.values();
  const lane = async (): Promise<void> => {
    for (const { path, bytes } of rest) await api.addFile(publication, path, bytes.length, once(bytes), signal);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await api.commit(publication, signal);
}
