/** What became of the commits that met an error of SQLite. The worker sends it across, so it is plain data. */
export interface LogFault {
  /**
   * "full": not done, and the log goes on. "busy": the same, another program was in the way. "damaged" and "broken": nobody knows what
   * the disk holds now, and the log takes no more commits.
   */
  readonly kind: "full" | "busy" | "damaged" | "broken";
  readonly message: string;
}

// Primary result codes, https://www.sqlite.org/rescode.html. The extended code's lowest byte is the primary one.
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** The shared-memory file could not grow, for which a full disk is the one common reason. */
const SQLITE_IOERR_SHMSIZE = 4874;

/** Sorts what node:sqlite threw. Whatever is not known to be harmless counts as broken. */
export function faultOf(thrown: unknown): LogFault {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const extended = extendedCodeOf(thrown);
  if (extended === undefined) return { kind: "broken", message };
  return { kind: kindOf(extended & 0xff), message: `${message}, SQLite error ${extended}` };
}

/** The same while the log is being opened, when no commit can be in doubt. */
export function openingFaultOf(thrown: unknown): LogFault {
  const fault = faultOf(thrown);
  return extendedCodeOf(thrown) === SQLITE_IOERR_SHMSIZE ? { ...fault, kind: "full" } : fault;
}

function extendedCodeOf(thrown: unknown): number | undefined {
  return thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number" ? thrown.errcode : undefined;
}

function kindOf(primaryCode: number): LogFault["kind"] {
  switch (primaryCode) {
    case SQLITE_FULL:
      return "full";
    case SQLITE_BUSY:
      return "busy";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "damaged";
    default:
      return "broken";
  }
}
