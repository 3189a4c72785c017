import type { HostId } from "../codec/index.ts";

export interface Said<T> {
  readonly host: HostId;
  readonly answer: T;
}

/**
 * What the voters in reach answer, asked all at once. Who does not answer, or refuses, is left out: whether the others are enough is for the caller to count.
 * @param own this host's own answer, where it is one of them
 */
export async function gather<T>(voters: readonly HostId[], self: HostId, own: () => T | Promise<T>, ask: (voter: HostId) => Promise<T>): Promise<readonly Said<T>[]> {
  const asked = voters.map(async (host): Promise<Said<T>> => ({ host, answer: await (host === self ? own() : ask(host)) }));
  return (await Promise.allSettled(asked)).filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
}
