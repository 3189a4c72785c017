/** Both ends are inclusive, as in HTTP. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const HEADER = /^bytes[ \t]*=[ \t]*(.*)$/i;
const SPEC = /^[ \t]*(\d*)-(\d*)[ \t]*$/;
/** More parts than any player asks for; whoever sends more gets the whole file. */
const MAX_SPECS = 64;
/** Ranges with a smaller gap between them are sent as one: the head of a part costs more. */
const GAP_BYTES = 80;

/**
 * What a Range header asks of a file of `size` bytes (RFC 9110, 14.2): at least one range, in the order of the request, none overlapping
 * or touching another. A header that makes no sense is ignored, as it says there.
 */
export function parseRange(header: string, size: number): readonly ByteRange[] | "whole" | "unsatisfiable" {
  const specs = HEADER.exec(header)?.[1]?.split(",").filter((spec) => spec.trim() !== "") ?? [];
  if (specs.length === 0 || specs.length > MAX_SPECS) return "whole";
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === "whole") return "whole";
    if (range !== "unsatisfiable") insert(ranges, range);
  }
  return ranges.length === 0 ? "unsatisfiable" : ranges;
}

/** Joins the range with those that it overlaps or all but touches, in the place of the first of them: nobody gets a byte twice for asking so. */
function insert(ranges: ByteRange[], range: ByteRange): void {
  let joined = range;
  let place = ranges.length;
  // What is joined may reach others that neither reached before.
  for (let at = near(ranges, joined); at >= 0; at = near(ranges, joined)) {
    const [other] = ranges.splice(at, 1) as [ByteRange];
    joined = { first: Math.min(joined.first, other.first), last: Math.max(joined.last, other.last) };
    place = Math.min(place, at);
  }
  ranges.splice(place, 0, joined);
}

function near(ranges: readonly ByteRange[], { first, last }: ByteRange): number {
  return ranges.findIndex((other) => other.first <= last + GAP_BYTES && first <= other.last + GAP_BYTES);
}

function parseSpec(spec: string, size: number): ByteRange | "whole" | "unsatisfiable" {
  const [, from, to] = SPEC.exec(spec) ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return "whole";
  if (from === "") return suffix(Number(to), size);
  const first = Number(from);
  if (to !== "" && Number(to) < first) return "whole";
  if (first >= size) return "unsatisfiable";
  return { first, last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}

function suffix(length: number, size: number): ByteRange | "whole" | "unsatisfiable" {
  if (length === 0) return "unsatisfiable";
  // The last bytes of an empty file are all of it, and no Content-Range can say so.
  if (size === 0) return "whole";
  return { first: Math.max(0, size - length), last: size - 1 };
}
