// Room on disks is typed in GB, as makers of disks print it on them.

const GB = 1e9;

/** What was typed, with a comma or a point, in bytes. NaN for what is no number, or nothing. */
export function bytesOf(typed: string): number {
  return /\d/.test(typed) ? Math.floor(Number(typed.replace(",", ".")) * GB) : Number.NaN;
}

/** With three digits that count. */
export function gigabytesOf(bytes: number): string {
  return String(Number((bytes / GB).toPrecision(3)));
}
