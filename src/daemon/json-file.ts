import { fromUtf8 } from "../codec/index.ts";

type Kind = "string" | "number" | "number?";
type KindValue<K extends Kind> = K extends "string" ? string : number;
type Fields = Readonly<Record<string, Kind>>;

/** What an object with such fields looks like: those marked "?" may be missing. */
export type FieldValues<F extends Fields> = { readonly [N in keyof F as F[N] extends "number?" ? never : N]: KindValue<F[N]> } & { readonly [N in keyof F as F[N] extends "number?" ? N : never]?: number };

/** The named fields of an object in JSON, with the kinds that they must have; others are left out. Undefined when it is no such object. */
export function pickFields<F extends Fields>(value: unknown, fields: F): FieldValues<F> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const picked = Object.entries(fields).map(([name, kind]) => [name, kind, (value as Readonly<Record<string, unknown>>)[name]] as const);
  const fits = picked.every(([, kind, found]) => (kind === "number?" ? found === undefined || typeof found === "number" : typeof found === kind));
  if (!fits) return undefined;
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
