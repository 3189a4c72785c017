/**
 * The exit codes of what only the command line can say; all other codes are in the table of the doors, which also
 * explains the numbers.
 */
const OWN: Readonly<Record<string, number>> = {
  USAGE: 2,
  BAD_SIZE: 2,
  NO_DATA_FOLDER: 2,
  NEEDS_ANSWER: 2,
  EMPTY_FOLDER: 4,
  UNFIT_FOLDER: 4,
  FILE_CHANGED: 4,
  FOLDER_NOT_EMPTY: 4,
  FILE_IN_THE_WAY: 4,
  NO_SUCH_ENTRY: 3,
  UNSAFE_PATH: 4,
  DEVICE_REFUSED: 4,
  NOT_PRIMED: 2,
  ALREADY_PRIMED: 4,
  STILL_RUNNING: 4,
  NO_ACCOUNT_KEY: 4,
  NOT_RUNNING: 5,
  NO_ANSWER: 5,
  DEVICE_FAILED: 6,
  BAD_SETTINGS: 6,
  DAMAGED: 6,
  NO_CAPACITY: 6,
  CANCELLED: 130,
};

/** What the process ends with for an error's code; 1 for what nobody foresaw. The doors' table is loaded only now. */
export async function exitCodeFor(code: string | undefined): Promise<number> {
  const own = OWN[code ?? ""];
  if (own !== undefined) return own;
  const { exitCodeOf } = await import("../door/index.ts");
  return exitCodeOf(code);
}
