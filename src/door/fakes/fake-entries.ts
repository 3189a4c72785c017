import { createHash } from "node:crypto";
import type { HostId, PackId } from "../../codec/index.ts";
import type { Entries, EntryFault, EntryId, EntryInfo, EntryView, PrivateFile, RowFacts, RowInfo, UpgradePlan, UpgradeStep, Upload, UploadOptions, UploadResult } from "../../drive/index.ts";
import { HoldfastError } from "../../platform/index.ts";

// For tests only: private content in memory, not encrypted at all.

interface Kept {
  readonly info: EntryInfo;
  readonly rows: ReadonlyMap<string, RowInfo & { readonly bytes: Buffer }>;
}

const PLAN: UpgradePlan = { redundancy: { kind: "code", k: 2, m: 2 }, packs: 3, contentBytes: 100, takenBytes: 200 };

export class FakeEntries implements Entries {
  readonly kept = new Map<string, Kept>();
  readonly calls: unknown[] = [];
  faults: EntryFault[] = [];
  safe = true;

  async put(options: UploadOptions): Promise<Upload> {
    this.calls.push(["put", options.name, options.kind, options.redundancy]);
    const rows = new Map<string, RowInfo & { readonly bytes: Buffer }>();
    return {
      add: async (facts, source) => {
        const bytes = Buffer.concat(await Array.fromAsync(source));
        const row: RowInfo = { ...facts, kind: "file", sizeBytes: bytes.length, sha256: sha256Of(bytes) };
        rows.set(facts.path, { ...row, bytes });
        return row;
      },
      addFolders: (folders: readonly RowFacts[]) => folders.forEach((facts) => rows.set(facts.path, { ...facts, kind: "folder", sizeBytes: 0, sha256: undefined, bytes: Buffer.alloc(0) })),
      commit: async () => this.#commit(options, rows),
      abort: async () => void this.calls.push(["abort", options.name]),
    };
  }

  #commit({ name, kind, redundancy = { kind: "copies", copies: 1 } }: UploadOptions, rows: Kept["rows"]): UploadResult {
    const id = `entry${this.kept.size}` as EntryId;
    const files = [...rows.values()].filter((row) => row.kind === "file");
    const info: EntryInfo = { id, name, kind, files: files.length, folders: rows.size - files.length, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), createdMs: 1 };
    this.kept.set(id, { info, rows });
    return { entry: info, redundancy, survives: 1, isSpread: this.safe, safe: this.safe };
  }

  async *list(): AsyncGenerator<EntryInfo | EntryFault> {
    for (const { info } of this.kept.values()) yield info;
    yield* this.faults;
  }

  async open(id: string): Promise<EntryView> {
    const kept = this.kept.get(id);
    if (kept === undefined) throw new HoldfastError("NO_ENTRY", "nothing is kept under this id");
    return {
      info: kept.info,
      async *rows() {
        yield* kept.rows.values();
      },
      file: async (path) => {
        const row = kept.rows.get(path);
        return row === undefined ? undefined : fileOf(row, row.bytes);
      },
      async *together(paths, options) {
        for (const path of paths) {
          const { bytes } = kept.rows.get(path)!;
          options?.onSource?.({ host: "here" as HostId, index: 0, bytes: bytes.length, elapsedMs: 0, via: "cache" });
          yield bytes;
        }
      },
    };
  }

  async remove(id: string): Promise<{ readonly safe: boolean }> {
    await this.open(id);
    this.kept.delete(id);
    return { safe: this.safe };
  }

  usage: Entries["usage"] = async () => new Set<PackId>();
  planUpgrade: Entries["planUpgrade"] = async () => PLAN;

  /** Ends with `upgradeFault` when that is set. */
  upgradeFault: Error | undefined;

  async *upgrade(): AsyncGenerator<UpgradeStep> {
    yield { ...PLAN, doneBytes: 0, isSpread: true };
    if (this.upgradeFault !== undefined) throw this.upgradeFault;
    yield { ...PLAN, doneBytes: PLAN.contentBytes, isSpread: false };
  }

  packsOf: Entries["packsOf"] = async () => new Set<PackId>();
}

/** So small that a few letters have several. */
const BLOB_BYTES = 4;

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function fileOf(row: RowInfo, bytes: Buffer): PrivateFile {
  return {
    ...row,
    async *read(offset, length) {
      for (let at = offset; at < offset + length; at += 1000) yield bytes.subarray(at, Math.min(offset + length, at + 1000));
    },
    async *blobs() {
      for (let at = 0; at < bytes.length; at += BLOB_BYTES) {
        const blob = bytes.subarray(at, at + BLOB_BYTES);
        yield { sizeBytes: blob.length, sha256: sha256Of(blob) };
      }
    },
  };
}
