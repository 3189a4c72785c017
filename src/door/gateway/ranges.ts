/** Both ends are inclusive, as in HTTP. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const HEADER = /^bytes[ \t]*=[ \t]*(.*)$/i;
const SPEC = /^[ \t]*(\d*)-(\d*)[ \t]*$/;
/** More parts than any player asks for; whoever sends more gets the whole file. */
const MAX_SPECS = 64;

/**
 * What a Range header asks of a file of `size` bytes (RFC 9110, 14.2). A header that makes no sense is ignored, as it says there.
 * Of several ranges one is answered when only that one can be; else the whole file is, which is always allowed.
 */
export function parseRange(header: string, size: number): ByteRange | "whole" | "unsatisfiable" {
  const specs = HEADER.exec(header)?.[1]?.split(",") ?? [];
  if (specs.length === 0 || specs.length > MAX_SPECS) return "whole";
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === "whole") return "whole";
    if (range !== "unsatisfiable") ranges.push(range);
  }
  if (ranges.length === 0) return "unsatisfiable";
  return ranges.length === 1 ? ranges[0]! : "whole";
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
