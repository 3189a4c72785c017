// How it is said what something survives while hosts are away, of everything as of one site. It imports nothing: the Browser says the same.

export function counted(count: number, noun: string, many = `${noun}s`): string {
  return count === 1 ? `1 ${noun}` : `${count.toLocaleString("en")} ${many}`;
}

export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

/**
 * What something survives from now on, without its subject and a full stop: a copy on a host that is away helps nobody before it is back.
 * @param survivesNow how many more hosts may go; below 0: something of it cannot be read now
 * @param away the names of one host or more
 */
export function whileAwayWords(survivesNow: number, away: readonly string[]): string {
  const rest = `while ${listed(away)} ${away.length === 1 ? "is" : "are"} away`;
  if (survivesNow > 0) return `survives the loss of any ${counted(survivesNow, "more host")} ${rest}`;
  return `cannot be read ${survivesNow === 0 ? "when one more host goes " : ""}${rest}`;
}
