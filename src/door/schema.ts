// JSON Schema as plain data, and the types that follow from it. Bodies are checked by typebox; its builders are not used, because
// loading them costs each host 20 MB and a tenth of a second.

type Named = { readonly string: string; readonly integer: number; readonly number: number; readonly boolean: boolean; readonly null: null };

/** The values that a schema describes, for the parts of JSON Schema that are used here. */
export type ValueOf<S> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly anyOf: readonly (infer U)[] }
      ? ValueOf<U>
      : S extends { readonly properties: infer P; readonly required: readonly (infer R)[] }
        ? Flat<{ [K in keyof P as K extends R ? K : never]: ValueOf<P[K]> } & { [K in keyof P as K extends R ? never : K]?: ValueOf<P[K]> }>
        : S extends { readonly items: infer I }
          ? ValueOf<I>[]
          : S extends { readonly type: infer T extends keyof Named }
            ? Named[T]
            : never;

type Flat<T> = { [K in keyof T]: T[K] };

/** Any JSON Schema, for those who only pass it on. */
export type AnySchema = object;

type Properties = Readonly<Record<string, AnySchema>>;

/** An object in which all properties are there but those named in `optional`. With a name, it stands once in the API's description. */
export function object<const P extends Properties, const O extends keyof P & string = never>(properties: P, more: { readonly $id?: string; readonly description?: string; readonly optional?: readonly O[] } = {}) {
  const { optional = [], ...rest } = more;
  const required = Object.keys(properties).filter((name) => !(optional as readonly string[]).includes(name)) as Exclude<keyof P & string, O>[];
  return { type: "object", ...rest, properties, required } as const;
}

/** The same for a request's body, in which nothing else may stand. */
export function body<const P extends Properties, const O extends keyof P & string = never>(properties: P, more: { readonly $id: string; readonly optional?: readonly O[] }) {
  return { ...object(properties, more), additionalProperties: false } as const;
}

export function list<const S extends AnySchema>(items: S) {
  return { type: "array", items } as const;
}

export function orNull<const S extends AnySchema>(schema: S) {
  return { anyOf: [schema, { type: "null" }] } as const;
}

export const text = { type: "string" } as const;
export const integer = { type: "integer" } as const;
export const id = { type: "string", description: "an id in base32" } as const;
export const millis = { type: "integer", minimum: 0, description: "milliseconds since 1970, UTC" } as const;
export const bytes = { type: "integer", minimum: 0, description: "bytes" } as const;
