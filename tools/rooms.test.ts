import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import test from "node:test";

/** The rooms from the ground up: a room imports only rooms that stand before it. */
const ROOMS = ["platform", "codec", "crypto", "erasure", "store", "net", "cluster", "records", "kv", "pool", "account", "drive", "sync", "site", "door", "daemon", "cli"];

const SRC = resolve(import.meta.dirname, "../src");

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g)].map((match) => match[1]!);
}

/** Says what is wrong with an import of `file`, or nothing. */
export function fault(file: string, specifier: string): string | undefined {
  const target = relative(SRC, resolve(SRC, dirname(file), specifier));
  const [from, to] = [file.split("/")[0]!, target.split("/")[0]!];
  if (from === to) return undefined;
  if (!ROOMS.includes(to)) return `${file} imports ${target}, which is in no room`;
  if (ROOMS.indexOf(to) > ROOMS.indexOf(from)) return `${file} imports upward, from ${to}`;
  // A contract suite is the one thing that may be taken past the door, and only by tests.
  const isContract = target.endsWith(".contract.ts") && file.endsWith(".test.ts");
  if (target !== `${to}/index.ts` && !isContract) return `${file} imports ${target} past the door of ${to}`;
  return undefined;
}

test("rooms import only rooms below them, through the door", () => {
  const faults = sourceFiles().flatMap((file) => importsOf(file).map((specifier) => fault(file, specifier))).filter((each) => each !== undefined);
  assert.deepEqual(faults, []);
});

test("the rooms test catches an upward import, a side door and an unknown room", () => {
  assert.match(fault("store/a.ts", "../records/index.ts") ?? "", /upward/);
  assert.match(fault("records/a.ts", "../store/log.ts") ?? "", /past the door/);
  assert.match(fault("records/a.ts", "../util/index.ts") ?? "", /no room/);
  assert.equal(fault("records/a.ts", "../store/index.ts"), undefined);
});

test("every door opens with a short account of its room and exports by name", () => {
  for (const room of new Set(sourceFiles().map((file) => file.split("/")[0]!))) {
    const lines = readFileSync(join(SRC, room, "index.ts"), "utf8").split("\n");
    const header = lines.findIndex((line) => !line.startsWith("//") && !line.startsWith(" *") && !line.startsWith("/**"));
    assert.ok(header >= 2 && header <= 15, `${room}/index.ts opens with 2 to 15 lines that say what the room is for`);
    assert.ok(!lines.some((line) => line.startsWith("export *")), `${room}/index.ts exports by name`);
  }
});

test("no source file has more than 400 lines", () => {
  const long = sourceFiles().filter((file) => readFileSync(join(SRC, file), "utf8").split("\n").length > 401);
  assert.deepEqual(long, []);
});
