import { Catalog } from "../record/catalog.ts";
import { Fetcher } from "../read/fetch.ts";
import { CacheKeeper } from "../read/keeping.ts";
import { MaybeHolders } from "../read/maybe.ts";
import { OwnRanges } from "../read/own-ranges.ts";
import { Reader } from "../read/reader.ts";
import { Segments } from "../read/segments.ts";
import { SourceBook } from "../read/sources.ts";
import { Stripes } from "../read/stripes.ts";
import type { PoolParts } from "../parts.ts";
import type { Village, Villager } from "./village.ts";

/** A villager's reading side by itself, with nothing in memory yet. */
export function readingOf(village: Village, { host, store, cache, records, transport }: Villager, env = village.env): { readonly catalog: Catalog; readonly fetcher: Fetcher; readonly reader: Reader; close(): void } {
  const parts = { self: host, store, cache, records, transport, roster: () => village.roster() } as unknown as PoolParts;
  const catalog = new Catalog(env, records);
  const fetcher = new Fetcher(env, parts, catalog, new MaybeHolders(), new SourceBook(env));
  const reading = { self: host, own: new OwnRanges(env, parts, () => {}), fetcher, cache: new CacheKeeper(env, cache) };
  return { catalog, fetcher, reader: new Reader(catalog, new Segments(reading), new Stripes(reading)), close: () => fetcher.close() };
}
