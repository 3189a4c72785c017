import { SETUP_PORT } from "../src/cli/setup-words.ts";

// An invite as a link: it opens the page of the set-up on the machine of whoever follows it. What stands behind the # is sent to nobody.

export function joinLink(code: string): string {
  return `http://127.0.0.1:${SETUP_PORT}/#join=${code}`;
}

/** The code that a link has brought; undefined when the address brings none. */
export function linkedCode(hash: string): string | undefined {
  return /^#join=(hf1[a-z2-7]{1,4000})$/.exec(hash)?.[1];
}

/** The code alone, or in the middle of the message or the link in which a friend sent it. */
export function codeIn(typed: string): string {
  return /\bjoin[ =](\S+)/.exec(typed)?.[1] ?? typed.trim();
}
