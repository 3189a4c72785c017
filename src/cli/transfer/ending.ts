import { codeOf } from "../../platform/index.ts";

/** The host commits what is to be ended, or has done so. */
const TOO_LATE = new Set(["UPLOAD_BUSY", "NO_UPLOAD", "PUBLICATION_BUSY", "NO_PUBLICATION"]);

/** Commits; asks again when the connection broke, since it may be done: then the host says what it made. */
export async function committed<T>(commit: () => Promise<T>): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    if (codeOf(error) !== "NOT_RUNNING") throw error;
    return await commit();
  }
}

/** Has the host end what was begun. A host that is gone has nothing to end: it forgets what was not committed. @returns false when it was too late */
export async function ended(end: () => Promise<void>): Promise<boolean> {
  try {
    await end();
    return true;
  } catch (error) {
    return !TOO_LATE.has(codeOf(error) ?? "");
  }
}
