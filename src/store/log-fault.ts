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

/** Sorts what node:sqlite threw. Whatever is not known to be harmless counts as broken. */
export function faultOf(thrown: unknown): LogFault {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const extended = thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number" ? thrown.errcode : undefined;
  if (extended === undefined) return { kind: "broken", message };
  return { kind: kindOf(extended & 0xff), message: `${message}, SQLite error ${extended}` };
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
