import type { Gauge } from "../door/index.ts";
import type { Ground, Rooms } from "./rooms.ts";

/** What /metrics tells of this host beyond what the door counts itself. */
export function gaugesOf({ store }: Ground, { workers }: Rooms): readonly Gauge[] {
  return [
    { name: "holdfast_cache_used_bytes", help: "Space that fetched segments take.", value: store.cache.usedBytes },
    { name: "holdfast_process_resident_bytes", help: "Memory that the process holds.", value: process.memoryUsage.rss() },
    { name: "holdfast_workers_failing_count", help: "Background workers whose last turn failed.", value: workers.filter((worker) => worker.status().lastError !== undefined).length },
  ];
}
