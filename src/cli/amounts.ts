// How amounts are said to people, by the command line and by the Browser alike: nothing else of the program is needed for it.

const STEPS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** A size for people, with three digits that count: "947 kB", "1.5 GB", "20 GB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let step = 0;
  while (roundedTo3(value) >= 1000 && step < STEPS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${roundedTo3(value)} ${STEPS[step]}`;
}

function roundedTo3(value: number): number {
  return Number(value.toPrecision(3));
}

/** What a host that was told to offer more or less does from then on. */
export function offerWords({ capacityBytes, usedBytes }: { readonly capacityBytes: number; readonly usedBytes: number }): string {
  const over = usedBytes > capacityBytes ? ` ${formatBytes(usedBytes)} are used: it takes nothing new, and nothing is deleted before it is elsewhere.` : "";
  return `This host offers ${formatBytes(capacityBytes)} from now on.${over}`;
}

/** "1 file", "2 files". */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount.toLocaleString("en")} ${amount === 1 ? one : many}`;
}

/** How long, in the largest unit that fits: "40 seconds", "3 minutes", "2 days". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return count(seconds, "second");
  if (seconds < 90 * 60) return count(Math.round(seconds / 60), "minute");
  if (seconds < 36 * 3600) return count(Math.round(seconds / 3600), "hour");
  return count(Math.round(seconds / 86_400), "day");
}
