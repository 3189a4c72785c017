/** How much of the full size tests run: a tenth by default, all of it under `npm run soak`. */
export const SIZE = Number(process.env["HOLDFAST_SIZE"] ?? "0.1");

/** A number at this size, never less than `least`. */
export function sized(full: number, least = 1): number {
  return Math.max(least, Math.round(full * SIZE));
}

export const MIB = 1024 ** 2;
