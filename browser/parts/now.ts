import { useEffect, useState } from "preact/hooks";

const TICK_MS = 5_000;

/** The wall clock, read again every few seconds: for "3 minutes ago". */
export function useNow(): number {
  const [nowMs, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
