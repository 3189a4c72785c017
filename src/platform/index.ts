// platform: all that is not a function of its arguments: the clock, timers, randomness, the log, threads, files and folders.
// In: the machine. Out: `Env`, which everything that decides takes as an argument, so that a simulator can hand out
// its own; durable file operations; and the root of all errors.
export type { Clock, Env, Log, LogFields, Random, Timer, Timers } from "./env.ts";
export { machineEnv } from "./machine.ts";
export { jsonLog, silentLog } from "./log.ts";
export type { LogLevel } from "./log.ts";
export { HoldfastError, PlatformError, codeOf, messageOf } from "./errors.ts";
export { diskError } from "./disk-errors.ts";
export type { PlatformErrorCode } from "./errors.ts";
export { cancellable, raceAbort, withDeadline } from "./deadline.ts";
export { timePassed } from "./passed.ts";
export { Breathing } from "./breathing.ts";
export { Budgets } from "./budgets.ts";
export { Flights } from "./flights.ts";
export { Limiter } from "./limiter.ts";
export { TokenBucket } from "./token-bucket.ts";
export type { Rate } from "./token-bucket.ts";
export { createForWriting, openForAppending, openForReading, readIfPresent, removeIfEmpty, removeIfPresent, space, writeDurably, writeInPlace, ensureFolder, lstatIfPresent, putInPlace, stamp, statIfPresent, syncNames } from "./disk.ts";
export type { NewFile, OpenFile, Space, Stamp } from "./disk.ts";
export { walkFolder } from "./walk.ts";
export type { FolderEntry } from "./walk.ts";
export { openPart } from "./part-file.ts";
export type { PartFile } from "./part-file.ts";
export { lockFile } from "./file-lock.ts";
export type { FileLock } from "./file-lock.ts";
export { watchFolder } from "./watch.ts";
export type { FolderWatch } from "./watch.ts";
export { startThread, threadSide } from "./thread.ts";
export type { Thread, ThreadSide } from "./thread.ts";
export { keepThreadPoolAwake } from "./thread-pool.ts";
export { Worker } from "./worker.ts";
export type { WorkerPlan, WorkerStatus, WorkerTurn } from "./worker.ts";
