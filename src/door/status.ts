import { codeOf } from "../platform/index.ts";

/** What a command says as its process ends. */
export const EXIT = {
  done: 0,
  /** Something that nobody foresaw. */
  unexpected: 1,
  /** It was typed in a way that means nothing. */
  usage: 2,
  /** What it was about does not exist. */
  notFound: 3,
  /** It was understood and refused: taken, used, expired, not allowed, over quota. */
  refused: 4,
  /** No host answers, or not in time. */
  unreachable: 5,
  /** A disk is full, broken or read-only. */
  disk: 6,
  /** Ended by Ctrl-C. */
  cancelled: 130,
} as const;

interface Meaning {
  readonly http: number;
  readonly exit: number;
}

function all(codes: string, http: number, exit: number): [string, Meaning][] {
  return codes.split(" ").map((code) => [code, { http, exit }]);
}

/** The one table of what an error's code means at the doors: its HTTP status, and the command line's exit code. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ...all("BAD_PATH BAD_REQUEST BAD_NAME BAD_DOMAIN BAD_HOST_NAME BAD_INVITE BAD_PHRASE BAD_KEY BAD_ADDRESS BAD_POSITION BAD_TOKEN BAD_RANGE OUT_OF_RANGE MALFORMED CAPACITY_TOO_LARGE NOT_A_FOLDER", 400, EXIT.usage),
  ...all("WRONG_TOKEN", 401, EXIT.refused),
  ...all("WRONG_ORIGIN NOT_OWNER NO_ACCOUNT NO_ACCOUNT_KEY NOT_ADMINISTRATOR NOT_APPROVED NOT_GONE NOT_DELEGATED REFUSED NO_PERMISSION OTHER_NETWORK INVITE_UNKNOWN INVITER_REMOVED APPLICATION_REFUSED WRONG_DIGITS STRANGER", 403, EXIT.refused),
  ...all("NO_SITE NO_HEAD NO_DOMAIN NO_ENTRY NO_FILE NO_KEY NO_ROUTE NO_PUBLICATION NO_UPLOAD NO_SUCH_HOST NO_SUCH_PERSON NO_APPLICATION NOT_FOUND UNKNOWN_NAMESPACE UNKNOWN_PACK", 404, EXIT.notFound),
  ...all("WRONG_METHOD", 405, EXIT.usage),
  ...all("NAME_TAKEN TOO_MANY_DOMAINS NAMESPACE_IN_USE CONFLICT HOST_NAME_TAKEN DUPLICATE_PATH EMPTY_SITE CHANGED INCOMPLETE PUBLICATION_BUSY UPLOAD_BUSY PORT_TAKEN NETWORK_FULL NOT_PRIMED WRONG_STORE DIRECTORY_IN_USE NOT_EMPTY OWN_DELEGATION LAST_VOTER VOTERS_CHANGED NOT_DRAINED ALL_MIRRORED", 409, EXIT.refused),
  ...all("INVITE_USED INVITE_EXPIRED APPLICATION_EXPIRED", 410, EXIT.refused),
  ...all("LENGTH_REQUIRED", 411, EXIT.usage),
  ...all("BODY_TOO_LARGE TOO_LARGE SITE_TOO_LARGE TREE_TOO_LARGE ENTRY_TOO_LARGE", 413, EXIT.refused),
  ...all("WRONG_HOST", 421, EXIT.refused),
  ...all("TOO_MANY_PUBLICATIONS TOO_MANY_UPLOADS", 429, EXIT.refused),
  ...all("CANCELLED CLIENT_GONE", 499, EXIT.cancelled),
  ...all("INTERNAL", 500, EXIT.unexpected),
  ...all("CANNOT_LISTEN LOG_TOO_NEW", 500, EXIT.refused),
  ...all("DISK_BROKEN DISK_READ_ONLY DISK_LIES LOG_BROKEN LOG_DAMAGED LOCK_FAILED MARKER_DAMAGED NAME_REFUSED", 500, EXIT.disk),
  ...all("BAD_ANSWER BAD_PACK BAD_RECORD BAD_SEAL DAMAGED_SITE TAMPERED PROTOCOL DAMAGED_ENTRY", 502, EXIT.unexpected),
  ...all("UNREACHABLE REMOTE NOT_HELD PIECE_MISMATCH PIECE_MISSING PIECE_DAMAGED", 502, EXIT.unreachable),
  ...all("UNAVAILABLE NOT_YET BUSY BELOW_FLOOR HOST_BUSY LOG_BUSY CLOSED LOG_CLOSED", 503, EXIT.unreachable),
  ...all("DEADLINE STALLED SILENT", 504, EXIT.unreachable),
  ...all("DISK_FULL FILE_TOO_LARGE STORE_FULL LOG_FULL UNSURE OUTBOX_FULL HOST_FULL NO_SPACE", 507, EXIT.disk),
  // No disk is full: it was refused, until an administrator allows more.
  ...all("OVER_QUOTA", 507, EXIT.refused),
]);

/** The HTTP status for anything that was thrown; 500 for what nobody foresaw. */
export function httpStatusOf(thrown: unknown): number {
  return MEANINGS.get(codeOf(thrown) ?? "")?.http ?? 500;
}

/** The exit code for an error's code, as the API or a room gave it; 1 for one that is not in the table. */
export function exitCodeOf(code: string | undefined): number {
  return MEANINGS.get(code ?? "")?.exit ?? EXIT.unexpected;
}

/** Every code in the table, for the test that compares it with docs/ERRORS.md. */
export function knownCodes(): readonly string[] {
  return [...MEANINGS.keys()];
}
