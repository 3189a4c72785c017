/** Content codings that the gateway gives, the ones that compress best first. */
export const ENCODINGS = ["br", "zstd", "gzip"] as const;
export type Encoding = (typeof ENCODINGS)[number];

const ITEM = /^[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?$/i;
const NONE: readonly Encoding[] = [];

/** What of an Accept-Encoding header (RFC 9110, 12.5.3) can be given, best first. What is no such list accepts nothing but the plain form. */
export function acceptedEncodings(header: string): readonly Encoding[] {
  const weights = new Map<string, number>();
  for (const item of header.split(",")) {
    if (item.trim() === "") continue;
    const [, name, weight] = ITEM.exec(item) ?? [];
    if (name === undefined) return NONE;
    const coding = name.toLowerCase() === "x-gzip" ? "gzip" : name.toLowerCase();
    weights.set(coding, weight === undefined ? 1 : Number(weight));
  }
  const weigh = (coding: string): number => weights.get(coding) ?? weights.get("*") ?? 0;
  // Whoever would rather have it plain gets it plain.
  const plain = weights.get("identity") ?? 0;
  return ENCODINGS.filter((coding) => weigh(coding) > 0 && weigh(coding) >= plain).sort((a, b) => weigh(b) - weigh(a));
}

const REMEMBERED_MAX = 256;
const LONGEST = 256;

/** Remembers the answers: browsers send the same few headers again and again. */
export class AcceptedEncodings {
  readonly #known = new Map<string, readonly Encoding[]>();

  of(header: string): readonly Encoding[] {
    const known = this.#known.get(header);
    if (known !== undefined) return known;
    if (header.length > LONGEST) return acceptedEncodings(header);
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    const encodings = acceptedEncodings(header);
    this.#known.set(header, encodings);
    return encodings;
  }
}
