import type { HostId } from "../../../src/codec/index.ts";
import { contains } from "../../../src/records/context.ts";
import type { Row, Side } from "./side.ts";
import { nameOf } from "./side.ts";

/** What is wrong when all sides have heard of everything. @param written all that ever was, anywhere */
export function findingsOf(sides: readonly Side[], written: readonly Row[]): readonly string[] {
  const namesOf = sides.map((side) => new Set(side.rows().map(nameOf)));
  const isSomewhere = (row: Row): boolean => namesOf.some((names) => names.has(nameOf(row)));
  const isEverywhere = (row: Row): boolean => namesOf.every((names) => names.has(nameOf(row)));
  const differing = written.filter((row) => isSomewhere(row) && !isEverywhere(row));
  const lost = written.filter((row) => !isSomewhere(row) && !isShutOut(row.host, written) && !isSuperseded(row, written));
  const inWords = (row: Row): string => `${row.key} by ${row.host}`;
  return [...differing.map((row) => `${inWords(row)}: ${sides.map((side) => `${side.name} ${wordOf(side, row)}`).join(", ")}`), ...lost.map((row) => `${inWords(row)} is lost`)];
}

function wordOf(side: Side, row: Row): string {
  if (side.at(row.key).some((each) => nameOf(each) === nameOf(row))) return "has it";
  const verdict = side.verdictOn(row);
  return verdict === undefined || verdict.kind === "accept" ? "has dropped it, or has what supersedes it" : `says that ${verdict.why}`;
}

/** What it wrote then counts as far as whoever shut it out had heard of it, and takes what it had replaced along; also when that counts no more afterwards. */
function isShutOut(host: HostId, written: readonly Row[]): boolean {
  return written.some(({ key }) => key.startsWith(`removed/${host}/`) || (key.startsWith("revoked/") && key.endsWith(`/${host}`)));
}

function isSuperseded({ key, dot }: Row, written: readonly Row[]): boolean {
  return written.some((other) => other.key === key && contains(other.context, dot));
}
