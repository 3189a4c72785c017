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
  /** It was understood and refused: taken, used, expired, not allowed. */
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
  ...all("BAD_PATH BAD_REQUEST BAD_NAME BAD_HOST_NAME BAD_INVITE BAD_PHRASE MALFORMED", 400, EXIT.usage),
  ...all("WRONG_TOKEN", 401, EXIT.refused),
  ...all("WRONG_ORIGIN NOT_OWNER NOT_ADMINISTRATOR NOT_DELEGATED REFUSED NO_PERMISSION OTHER_NETWORK INVITE_UNKNOWN", 403, EXIT.refused),
  ...all("NO_SITE NO_HEAD NO_FILE NO_ROUTE NO_PUBLICATION NO_SUCH_HOST NOT_FOUND UNKNOWN_NAMESPACE", 404, EXIT.notFound),
  ...all("WRONG_METHOD", 405, EXIT.usage),
  ...all("NAME_TAKEN HOST_NAME_TAKEN DUPLICATE_PATH EMPTY_SITE CHANGED INCOMPLETE PUBLICATION_BUSY PORT_TAKEN NETWORK_FULL", 409, EXIT.refused),
  ...all("INVITE_USED INVITE_EXPIRED", 410, EXIT.refused),
  ...all("LENGTH_REQUIRED", 411, EXIT.usage),
  ...all("BODY_TOO_LARGE TOO_LARGE", 413, EXIT.refused),
  ...all("WRONG_HOST", 421, EXIT.refused),
  ...all("TOO_MANY_PUBLICATIONS", 429, EXIT.refused),
  ...all("CANCELLED", 499, EXIT.cancelled),
  ...all("INTERNAL", 500, EXIT.unexpected),
  ...all("DISK_BROKEN DISK_READ_ONLY LOG_BROKEN", 500, EXIT.disk),
  ...all("UNREACHABLE REMOTE PIECE_MISMATCH PIECE_MISSING PIECE_DAMAGED", 502, EXIT.unreachable),
  ...all("UNAVAILABLE", 503, EXIT.unreachable),
  ...all("DEADLINE", 504, EXIT.unreachable),
  ...all("DISK_FULL STORE_FULL NO_SPACE", 507, EXIT.disk),
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
