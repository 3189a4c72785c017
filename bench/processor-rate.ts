/**
 * GB for each second that this thread has the processor, of each of several runs of at least `runMs`: what else the machine does counts less.
 * The thread's clock may be coarse, so a run is made longer until it can be told.
 * @param bytes what `work` goes through each time
 */
export function rates(work: () => void, bytes: number, runs: number, runMs: number): number[] {
  const spentMs = (times: number): number => {
    const begun = process.threadCpuUsage();
    for (let time = 0; time < times; time += 1) work();
    const { user, system } = process.threadCpuUsage(begun);
    return (user + system) / 1000;
  };
  let times = 1;
  while (spentMs(times) < runMs) times *= 2;
  return Array.from({ length: runs }, () => (bytes * times) / spentMs(times) / 1e6);
}
