import { InvalidArgumentError } from "commander";
import type { PutRow } from "../door/index.ts";
import { count } from "./sizes.ts";

/** On how many hosts something is to lie, as it is typed. @throws InvalidArgumentError */
export function copiesOf(typed: string): number | "all" {
  if (typed === "all") return "all";
  if (!/^[1-9]\d{0,3}$/.test(typed)) throw new InvalidArgumentError('Type a number of hosts such as 3, or "all".');
  return Number(typed);
}

/** "as 4+2", "on 3 hosts", "on all hosts" */
export function wayOf(redundancy: PutRow["redundancy"]): string {
  if (redundancy.kind === "code") return `as ${redundancy.k}+${redundancy.m}`;
  return redundancy.copies === "all" ? "on all hosts" : `on ${count(redundancy.copies, "host")}`;
}

/** What is told behind a sentence when some of it lies on fewer hosts than it was meant for. */
export function spreadWords(isSpread: boolean): string {
  return isSpread ? "" : " Fewer hosts took it than it was meant for; the rest is made up for as hosts come back or join.";
}
