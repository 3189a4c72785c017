import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fromUtf8, idFromBytes, idFromText, utf8 } from "../codec/index.ts";
import type { HostId, NetworkId, StoreId } from "../codec/index.ts";
import { readIfPresent, writeDurably } from "../platform/index.ts";
import { StoreError } from "./errors.ts";

/** The file that makes a folder a host's data directory. An unmounted disk is not an empty disk: without it nothing starts. */
export const MARKER_NAME = "holdfast.json";
const FORMAT = 1;
const MAX_MARKER_BYTES = 4096;

export interface Marker {
  readonly format: typeof FORMAT;
  /** Random, made with the marker: names this data directory, whatever happens to the records in it. */
  readonly store: StoreId;
  readonly host: HostId;
  readonly network: NetworkId;
  /** When, by the wall clock, in ISO 8601; for people. */
  readonly created: string;
}

/** What somebody who knows the directory expects of its marker; what is left out may be anything. */
export interface ExpectedMarker {
  readonly host?: HostId;
  readonly network?: NetworkId;
  readonly store?: StoreId;
}

/** Makes the folder a host's data directory. The last step of priming: before it there is no host here. */
export async function writeMarker(directory: string, owner: { readonly host: HostId; readonly network: NetworkId }): Promise<Marker> {
  const store = idFromBytes<StoreId>(new Uint8Array(randomBytes(32)));
  const marker: Marker = { format: FORMAT, store, host: owner.host, network: owner.network, created: new Date().toISOString() };
  await writeDurably(join(directory, MARKER_NAME), markerBytes(marker));
  return marker;
}

/** In lines of their own, for people who look into the file. */
export function markerBytes(marker: Marker): Uint8Array {
  return utf8(`${JSON.stringify(marker, undefined, 2)}\n`);
}

/** The directory's marker, or undefined when it has none. @throws StoreError MARKER_DAMAGED; PlatformError */
export async function readMarker(directory: string): Promise<Marker | undefined> {
  const path = join(directory, MARKER_NAME);
  const bytes = await readIfPresent(path);
  return bytes && parse(bytes, path);
}

/**
 * Makes sure that the directory is the one that is meant.
 * @throws StoreError NOT_PRIMED without a marker, WRONG_STORE with another one, MARKER_DAMAGED; PlatformError
 */
export async function checkMarker(directory: string, expected: ExpectedMarker): Promise<Marker> {
  const marker = await readMarker(directory);
  if (marker === undefined) {
    throw new StoreError("NOT_PRIMED", `${directory} has no ${MARKER_NAME}, so it is not a host's data directory now. If it is a disk, it may not be mounted: mount it and start again. If it is new, prime it with "holdfast init" or "holdfast join".`);
  }
  for (const name of ["host", "network", "store"] as const) {
    if (expected[name] === undefined || expected[name] === marker[name]) continue;
    throw new StoreError("WRONG_STORE", `${directory} bears the marker of another ${name}: ${marker[name]} in place of ${expected[name]}. Another disk may be mounted there. Mount the right one, or give the directory that belongs to this ${name} with --data.`);
  }
  return marker;
}

function parse(bytes: Uint8Array, path: string): Marker {
  try {
    if (bytes.length > MAX_MARKER_BYTES) throw new Error("it is too long");
    const fields = JSON.parse(fromUtf8(bytes)) as Readonly<Record<string, unknown>> | null;
    if (fields?.["format"] !== FORMAT) throw new Error(`its format is ${String(fields?.["format"])}, and this program knows ${FORMAT}; a newer Holdfast may have written it`);
    const text = (name: string): string => String(fields[name]);
    return { format: FORMAT, store: idFromText<StoreId>(text("store")), host: idFromText<HostId>(text("host")), network: idFromText<NetworkId>(text("network")), created: text("created") };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError("MARKER_DAMAGED", `${path} cannot be read (${why}). Check the disk, and restore this file from a backup or the directory as a whole; update Holdfast if it is older than the file.`, { cause: error });
  }
}
