// drive: what people keep for themselves. Files are cut, sealed under keys that follow from a person's seed, packed, and listed in a sealed
// entry; on any host that has the key the same bytes come back, and without it nothing but sizes can be told. In: files and folders, and
// how redundantly they are to be kept. Out: an entry's id, and its files from any host of that person.
export { DriveError } from "./errors.ts";
export type { DriveErrorCode } from "./errors.ts";
export type { BlobInfo, Entries, EntryFault, EntryInfo, EntryView, PrivateFile, RowFacts, RowInfo, UpgradePlan, UpgradeStep, Upload, UploadOptions, UploadResult } from "./port.ts";
export type { EntryId } from "./namespace.ts";
export type { RowKind } from "./formats.ts";
export { isEntryId, privateRule } from "./namespace.ts";
export { createEntries } from "./entries.ts";
export type { EntriesParts, RunningEntries } from "./entries.ts";
