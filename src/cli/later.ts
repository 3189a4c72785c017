/** What is told behind a sentence when not all hosts know of a change yet. */
export function laterWords(safe: boolean): string {
  return safe ? "" : " Hosts that are away will learn of it when they come back.";
}
