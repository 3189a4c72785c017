import { resolve } from "node:path";

/** Of the key by which the Browser's sessions are proven. */
export const SESSION_KEY_BYTES = 32;

/** Where the built Browser lies: beside the program in a package, above `src` in a checkout. */
export const BROWSER_FOLDERS = ["browser", "../../browser/built"].map((folder) => resolve(import.meta.dirname, folder));
