import type { Gauge } from "../door/index.ts";
import type { Ground, Rooms } from "./rooms.ts";

/** What /metrics tells of this host beyond what the door counts itself. */
export function gaugesOf({ store }: Ground, { workers, records }: Rooms): readonly Gauge[] {
  const counted = Object.entries(records.counters());
  const sumOf = (prefix: string): number => counted.reduce((sum, [name, count]) => (name.startsWith(prefix) ? sum + count : sum), 0);
  const byCode = (prefix: string): ReadonlyMap<string, number> => new Map(counted.filter(([name]) => name.startsWith(prefix)).map(([name, count]) => [name.slice(prefix.length), count]));
  return [
    { name: "holdfast_records_refused_count", help: "Records that the rules refused since the start.", value: sumOf("refused "), byCode: byCode("refused ") },
    { name: "holdfast_records_damaged_count", help: "Stored rows that were found damaged since the start.", value: sumOf("rows damaged") },
    { name: "holdfast_records_healed_count", help: "Keys that were fetched because comparing with another host found them different.", value: sumOf("keys healed") },
    { name: "holdfast_cache_used_bytes", help: "Space that fetched segments take.", value: store.cache.usedBytes },
    { name: "holdfast_process_resident_bytes", help: "Memory that the process holds.", value: process.memoryUsage.rss() },
    { name: "holdfast_workers_failing_count", help: "Background workers whose last turn failed.", value: workers.filter((worker) => worker.status().lastError !== undefined).length },
  ];
}
