import type { PersonRow } from "../../src/door/index.ts";
import { askJson } from "../api.ts";
import { useAsked } from "./asked.ts";

/** The names of all people by their ids, each that of the host by which they came; undefined until the host has answered. Asked anew when one of `when` has changed. */
export function usePeople(when: readonly unknown[]): ReadonlyMap<string, string> | undefined {
  const { value } = useAsked(async (signal) => (await askJson<{ people: PersonRow[] }>("GET", "/people", { signal })).people, when);
  return value && new Map(value.map(({ id, name }) => [id, name]));
}
