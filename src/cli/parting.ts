import type { PartingRow } from "../door/index.ts";
import { count, formatBytes } from "./amounts.ts";

/** What would be lost or put at risk with a host, in sentences; empty when it is nothing. */
export function lossWords({ name, solePacks, soleBytes, riskyPacks }: PartingRow): string {
  const lost = solePacks === 0 ? "" : `With ${name} ${count(solePacks, "pack")} (${formatBytes(soleBytes)} of content) would be lost for good.`;
  const risky = riskyPacks === 0 ? "" : `${count(riskyPacks, "pack")} would be lost with one more host.`;
  return [lost, risky].filter((words) => words !== "").join(" ");
}

/** What removing a host does. @param losses as `lossWords` gives them */
export function removalWords(name: string, losses: string): string {
  return `${name} will be shut out for good; what it holds is no longer counted. ${losses === "" ? "Nothing is lost with it." : losses}`;
}

/** What leaving does. */
export function leavingWords(name: string): string {
  return `${name} leaves the network for good; to come back it needs an invite and an empty folder.`;
}

/** Nothing that counts lies only there. */
export function isEmptied({ awaitedPieces, awaitedShards }: PartingRow): boolean {
  return awaitedPieces + awaitedShards === 0;
}

/** How far a host is from being empty. */
export function drainWords(parting: PartingRow): string {
  const { name, pieces, awaitedPieces, awaitedShards } = parting;
  if (isEmptied(parting)) return `Nothing that counts lies only on ${name}: it may leave.`;
  const waiting = [...(awaitedPieces > 0 ? [`${(pieces - awaitedPieces).toLocaleString("en")} of ${count(pieces, "piece")} are elsewhere too`] : []), ...(awaitedShards > 0 ? [`${count(awaitedShards, "shard")} of records ${awaitedShards === 1 ? "is" : "are"} still handed over`] : [])];
  return `${name} is being emptied: ${waiting.join(", ")}.`;
}
