import type { ApiAddress } from "./directory.ts";
import type { FieldValues } from "./json-file.ts";
import { pickFields } from "./json-file.ts";

const hostsFields = { total: "number", online: "number" } as const;

export interface ShortStatus {
  readonly hosts: FieldValues<typeof hostsFields>;
  readonly peerAddresses: readonly string[];
}

const TIMEOUT_MS = 3_000;

/** What a running daemon says of itself, or undefined when none answers. */
export async function askStatus(api: ApiAddress): Promise<ShortStatus | undefined> {
  try {
    const answer = await fetch(new URL("/api/status", api.url), { headers: { authorization: `Bearer ${api.token}` }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const status = (await answer.json()) as { readonly hosts?: unknown; readonly peerAddresses?: unknown };
    const hosts = pickFields(status.hosts, hostsFields);
    return hosts === undefined || !Array.isArray(status.peerAddresses) ? undefined : { hosts, peerAddresses: status.peerAddresses.map(String) };
  } catch {
    return undefined;
  }
}
