export const MB = 1e6;
export const MIB = 1024 ** 2;

/** The middle of the values; of an even number of them, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param part 0.99 for the 99th percentile; between two values it lies on the line between them */
export function percentile(values: readonly number[], part: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (above - below) * (at - Math.floor(at));
}

/** Least-squares slope of `values` over `places`: by how much a value grows with each step. */
export function slope(places: readonly number[], values: readonly number[]): number {
  const meanPlace = places.reduce((sum, place) => sum + place, 0) / places.length;
  const meanValue = values.reduce((sum, value) => sum + value, 0) / values.length;
  const above = places.reduce((sum, place, at) => sum + (place - meanPlace) * (values[at]! - meanValue), 0);
  return above / places.reduce((sum, place) => sum + (place - meanPlace) ** 2, 0);
}

/** Three significant digits, and thousands as k. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 10_000) return `${Number((value / 1000).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}

export function seconds(sinceMs: number): number {
  return (performance.now() - sinceMs) / 1000;
}
