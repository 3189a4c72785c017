import { fromUtf8 } from "../codec/index.ts";

type Kind = "string" | "number" | "number?" | "strings?";
type Optional = "number?" | "strings?";
type KindValue<K extends Kind> = K extends "string" ? string : K extends "strings?" ? readonly string[] : number;
type Fields = Readonly<Record<string, Kind>>;

/** What an object with such fields looks like: those marked "?" may be missing. */
export type FieldValues<F extends Fields> = { readonly [N in keyof F as F[N] extends Optional ? never : N]: KindValue<F[N]> } & { readonly [N in keyof F as F[N] extends Optional ? N : never]?: KindValue<F[N]> };

const FITS: Readonly<Record<Kind, (found: unknown) => boolean>> = {
  string: (found) => typeof found === "string",
  number: (found) => typeof found === "number",
  "number?": (found) => found === undefined || typeof found === "number",
  "strings?": (found) => found === undefined || (Array.isArray(found) && found.every((each) => typeof each === "string")),
};

/** The named fields of an object in JSON, with the kinds that they must have; others are left out. Undefined when it is no such object. */
export function pickFields<F extends Fields>(value: unknown, fields: F): FieldValues<F> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const picked = Object.entries(fields).map(([name, kind]) => [name, kind, (value as Readonly<Record<string, unknown>>)[name]] as const);
  if (!picked.every(([, kind, found]) => FITS[kind](found))) return undefined;
  return Object.fromEntries(picked.filter(([, , found]) => found !== undefined).map(([name, , found]) => [name, found])) as FieldValues<F>;
}

/** The value that JSON stands for, or undefined for anything else. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
}
