import type { PersonRow } from "../../src/door/index.ts";
import { askJson } from "../api.ts";
import { useAsked } from "./asked.ts";

export interface People {
  readonly all: readonly PersonRow[];
  /** The one for whom the host acts that serves this page. */
  readonly self: PersonRow | undefined;
}

/**
 * The people of the network; undefined until the host has answered.
 * @param host name of the one that serves this page
 * @param when they are asked for anew when one of these has changed
 */
export function usePeople(host: string | undefined, when: readonly unknown[] = []): People | undefined {
  const { value } = useAsked(async (signal) => (await askJson<{ people: PersonRow[] }>("GET", "/people", { signal })).people, when);
  return value && { all: value, self: value.find(({ hosts }) => host !== undefined && hosts.includes(host)) };
}

/** As people are called: by the name of the host by which they came. */
export function nameOf(people: People | undefined, person: string): string | undefined {
  return people?.all.find(({ id }) => id === person)?.name;
}
