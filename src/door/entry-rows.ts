import type { EntryInfo, RowInfo, UpgradeStep, UploadResult } from "../drive/index.ts";
import type { Redundancy } from "../pool/index.ts";
import type { ValueOf } from "./schema.ts";
import { body, bytes, integer, list, millis, object, orNull, text } from "./schema.ts";

// The shapes in which the doors speak of private content.

const kind = { enum: ["file", "folder"] } as const;
const count = { type: "integer", minimum: 1, maximum: 1000 } as const;

export const RedundancyRow = {
  anyOf: [
    object({ kind: { const: "copies" }, copies: { anyOf: [{ const: "all" }, count], description: "on how many hosts, or on all" } }),
    object({ kind: { const: "code" }, k: { ...count, description: "so many pieces give the whole" }, m: { ...count, description: "so many may be lost" } }),
  ],
} as const;

export const EntryRow = object(
  { id: { type: "string", description: "26 letters" }, name: text, kind, files: integer, folders: integer, sizeBytes: bytes, createdMs: millis },
  { $id: "EntryRow", description: "A private file or folder that the host's person keeps." },
);
export type EntryRow = ValueOf<typeof EntryRow>;

export const EntryFaultRow = object({ id: text, code: text, message: text }, { $id: "EntryFaultRow", description: "An entry that cannot be read, and why." });
export type EntryFaultRow = ValueOf<typeof EntryFaultRow>;

export const PrivateRow = object(
  {
    path: { type: "string", description: "below the entry; of an entry that is a file: its name" },
    kind,
    mode: { type: "integer", description: "permissions, as the nine bits of POSIX" },
    modifiedMs: millis,
    sizeBytes: bytes,
    sha256: orNull({ type: "string", description: "of the whole file, in hexadecimal; null for a folder" }),
  },
  { $id: "PrivateRow", description: "A file or folder inside an entry." },
);
export type PrivateRow = ValueOf<typeof PrivateRow>;

export const BlobRow = object({ sizeBytes: bytes, sha256: { type: "string", description: "in hexadecimal" } }, { $id: "BlobRow", description: "A stretch of a private file: each begins where the one before it ends." });
export type BlobRow = ValueOf<typeof BlobRow>;

export const PutRow = object(
  {
    entry: EntryRow,
    redundancy: RedundancyRow,
    survives: { type: "integer", description: "how many hosts, whichever, may vanish without a byte being lost" },
    isSpread: { type: "boolean", description: "false: some of it is on fewer hosts than it was to be" },
    safe: { type: "boolean", description: "false: its record is on fewer hosts than it should be for now" },
  },
  { $id: "PutRow", description: "What was put, and what it survives." },
);
export type PutRow = ValueOf<typeof PutRow>;

const upgrade = {
  redundancy: RedundancyRow,
  packs: { ...integer, description: "packs that survive fewer losses than what is chosen today" },
  contentBytes: { ...bytes, description: "of content that is used of them" },
  takenBytes: { ...bytes, description: "what the new packs take on all hosts; the old ones are there as well until they are deleted" },
};

export const UpgradePlanRow = object(upgrade, { $id: "UpgradePlanRow", description: "What an upgrade would do now." });
export type UpgradePlanRow = ValueOf<typeof UpgradePlanRow>;

export const UpgradeRow = object(
  {
    ...upgrade,
    doneBytes: { ...bytes, description: "of the content: stored anew by now" },
    isSpread: { type: "boolean", description: "false: some of it is on fewer hosts than it was to be; the old packs stay until it is made up for" },
    fault: orNull(object({ code: text, message: text }, { description: "why it ended before all was done" })),
  },
  { $id: "UpgradeRow", description: "How far an upgrade is." },
);
export type UpgradeRow = ValueOf<typeof UpgradeRow>;

export const BeginUpload = body({ name: { type: "string", minLength: 1, maxLength: 255 }, kind, redundancy: RedundancyRow }, { $id: "BeginUpload", optional: ["redundancy"] });
export type BeginUpload = { readonly name: string; readonly kind: "file" | "folder"; readonly redundancy?: Redundancy };

export const AddFolders = body({ folders: list(object({ path: text, mode: integer, modifiedMs: millis })) }, { $id: "AddFolders" });

export const BundleHead = body({ files: { type: "array", maxItems: 1000, items: object({ path: text, mode: { type: "integer", minimum: 0, maximum: 0o777 }, modifiedMs: millis, sizeBytes: bytes }) } }, { $id: "BundleHead" });
export type BundleHead = ValueOf<typeof BundleHead>;

export const FetchTogether = body({ paths: { type: "array", items: text, minItems: 1, maxItems: 1000 } }, { $id: "FetchTogether" });

export function entryRow({ id, name, kind: is, files, folders, sizeBytes, createdMs }: EntryInfo): EntryRow {
  return { id, name, kind: is, files, folders, sizeBytes, createdMs };
}

export function privateRow({ path, kind: is, mode, modifiedMs, sizeBytes, sha256 }: RowInfo): PrivateRow {
  return { path, kind: is, mode, modifiedMs, sizeBytes, sha256: sha256 ?? null };
}

export function putRow({ entry, redundancy, survives, isSpread, safe }: UploadResult): PutRow {
  return { entry: entryRow(entry), redundancy, survives, isSpread, safe };
}

export function upgradeRow(step: UpgradeStep, fault: UpgradeRow["fault"] = null): UpgradeRow {
  return { ...step, fault };
}
