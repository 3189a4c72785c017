// What is said on a machine that asks a host nearby to let it in, by the Browser and the command line alike.

/** Six digits in two groups, so that they are read without a slip. */
export function inGroups(digits: string): string {
  return `${digits.slice(0, 3)} ${digits.slice(3)}`;
}

/** Below the digits, while nobody has answered. */
export function compareWords(host: string): string {
  return `Whoever is at ${host} sees it there, and lets this machine in by typing these six digits:`;
}

/** Whoever is quicker than a person could look has not shown that nobody stands between. */
export function admittedWords(host: string, digits: string): string {
  return `${host} lets this machine in. Go on only if whoever is there typed these six digits: ${digits}.`;
}

/** Why a question is at an end without an invite. */
export function endedWords(host: string, state: string): string {
  switch (state) {
    case "refused":
      return `${host} did not let this machine in.`;
    case "expired":
      return `Nobody answered at ${host} within ten minutes.`;
    case "busy":
      return `${host} was asked too often. Join with a code, or ask again in an hour.`;
    default:
      return `${host} does not answer any more.`;
  }
}
