/** Where the links of invites lead: the set-up is there, unless something else on the machine has this port. */
export const SETUP_PORT = 4280;

/** What the terminal says of a set-up that waits behind `link`. @param command how the person called this program */
export function setupWords(link: string, command: string): string {
  const elsewhere = Number(new URL(link).port) === SETUP_PORT ? "" : `\nPort ${SETUP_PORT} is taken on this machine, so the link of an invite does not lead here: paste the code, or the whole message in which it came.`;
  return `Open this in a web browser of this machine. It creates a network, or joins one with a code:\n  ${link}${elsewhere}\nWithout a web browser, '${command} join --data FOLDER --host NAME' asks a host on your local network instead.\nCtrl-C ends it; nothing is made before you say so.`;
}
