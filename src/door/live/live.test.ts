import assert from "node:assert/strict";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import test from "node:test";
import { FakeNode, TOKEN, TestDoor, hostRow } from "../fakes/harness.ts";
import { Told } from "./changes.ts";
import { Chronicle } from "./chronicle.ts";
import type { NewsRow } from "./event-rows.ts";
import type { Happening } from "./happenings.ts";
import { happeningsBetween, sightOf } from "./happenings.ts";

const head = (sequence: number) => ({ sequence });

test("what happened between two looks is told host by host and site by site", () => {
  const before = sightOf([hostRow(1, "attic"), hostRow(2, "barn"), hostRow(3, "cellar"), hostRow(4, "den", { isDraining: true, isSuspect: true })], [{ name: "blog", head: head(1) }, { name: "old", head: head(4) }, { name: "soon" }], "attic");
  const after = sightOf([hostRow(1, "attic"), hostRow(2, "barn", { presence: "away" }), hostRow(4, "den"), hostRow(5, "eaves")], [{ name: "blog", head: head(2) }, { name: "soon", head: head(1) }], null);
  assert.deepEqual(happeningsBetween(before, after), [
    { what: "away", host: "barn" },
    { what: "filling", host: "den" },
    { what: "cleared", host: "den" },
    { what: "joined", host: "eaves" },
    { what: "removed", host: "cellar" },
    { what: "published", site: "blog", version: 2 },
    { what: "published", site: "soon", version: 1 },
    { what: "unpublished", site: "old" },
    { what: "coordinator", host: null },
  ]);
  assert.deepEqual(happeningsBetween(after, after), []);
});

test("who was away is told what they missed, and how much of it is forgotten", () => {
  const chronicle = new Chronicle("run");
  const some = (count: number): Happening[] => Array.from({ length: count }, () => ({ what: "back", host: "barn" }));
  chronicle.add(some(3), 5);
  const { position, events } = chronicle.resume(undefined);
  assert.deepEqual([position, events.map(({ number, atMs }) => [number, atMs])], ["run.3", [[1, 5], [2, 5], [3, 5]]]);
  assert.deepEqual(chronicle.resume("run.3"), { position: "run.3", events: [], forgotten: 0 });
  chronicle.add(some(600), 6);
  const late = chronicle.resume(position);
  assert.deepEqual([late.position, late.events.length, late.events[0]?.number, late.forgotten], ["run.603", 500, 104, 100]);
  assert.deepEqual([chronicle.resume("other.3").forgotten, chronicle.resume("other.3").events.length], [null, 500]);
  for (const wrong of ["", "run", "run.", "run.-1", "run.3x", "3"]) assert.throws(() => chronicle.resume(wrong), { code: "BAD_REQUEST" }, wrong);
});

test("a reader is told of each row once, and again when it has changed or is gone", () => {
  const told = new Told<{ readonly id: string; readonly value: number }>(({ id }) => id);
  const [one, two] = [{ id: "one", value: 1 }, { id: "two", value: 2 }];
  assert.deepEqual(told.next([]), { set: [], gone: [] });
  assert.deepEqual(told.next([one, two]), { set: [one, two], gone: [] });
  assert.equal(told.next([two, one]), undefined);
  assert.deepEqual(told.next([{ ...one, value: 3 }]), { set: [{ id: "one", value: 3 }], gone: ["two"] });
});

/** The lines of the event stream, as they come. */
async function* newsOf(door: TestDoor, headers: Readonly<Record<string, string>> = {}): AsyncGenerator<NewsRow> {
  const { port } = door.door;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request({ host: "127.0.0.1", port, path: "/api/events", agent: false, headers: { host: `localhost:${port}`, authorization: `Bearer ${TOKEN}`, ...headers } }, resolve).on("error", reject);
  sent.end();
  let rest = "";
  for await (const chunk of (await promise).setEncoding("utf8")) {
    const lines = `${rest}${String(chunk)}`.split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") yield JSON.parse(line) as NewsRow;
  }
}

async function next(news: AsyncGenerator<NewsRow>): Promise<NewsRow> {
  return (await news.next()).value as NewsRow;
}

test("the event stream tells everything first, then what changes, and ends with the door", async () => {
  const node = new FakeNode();
  const door = await TestDoor.open(node);
  door.sites.put("blog", { "index.html": "x" });
  const news = newsOf(door);
  const first = await next(news);
  assert.deepEqual([first.forgotten, first.events, first.hosts], [0, [], undefined]);
  const all = await next(news);
  assert.deepEqual([all.hosts?.set.map(({ name }) => name), all.sites?.set.map(({ name }) => name), all.status?.network.name], [["attic", "cellar"], ["blog"], "friends"]);
  const applicant = { id: "a", host: "den", address: "192.168.1.7", askedMs: 1, expiresMs: 2 };
  node.applicants.rows = [applicant];
  node.rows = [node.rows[0]!, hostRow(2, "cellar")];
  const change = await next(news);
  assert.deepEqual([all.applicants, change.applicants], [{ set: [], gone: [] }, { set: [applicant], gone: [] }]);
  assert.deepEqual([change.hosts?.set.map(({ name, presence }) => [name, presence]), change.sites, change.events?.map(({ what, host }) => [what, host])], [[["cellar", "online"]], undefined, [["back", "cellar"]]]);
  await news.return(undefined);

  const again = newsOf(door, { "last-event-id": all.position });
  assert.deepEqual((await next(again)).events?.map(({ what }) => what), ["back"]);
  assert.equal((await next(again)).hosts?.set.length, 2);
  const ended = again.next();
  await door.door.close();
  assert.equal((await ended).done, true);
});

test("a look asks for the hosts once, however many sites there are", async () => {
  const node = new FakeNode();
  const door = await TestDoor.open(node);
  for (let at = 0; at < 20; at += 1) door.sites.put(`site-${at}`, { "index.html": "x" });
  const news = newsOf(door);
  await next(news);
  assert.equal((await next(news)).sites?.set.length, 20);
  const asked: string[] = [];
  for (const what of ["hosts", "status"] as const) {
    const real = node[what].bind(node) as () => never;
    Object.assign(node, { [what]: () => (asked.push(what), real()) });
  }
  node.networkName = "kin";
  assert.equal((await next(news)).status?.network.name, "kin");
  await news.return(undefined);
  await door.door.close();
  assert.match(asked.join(" "), /^status hosts( status hosts)*( status)?$/);
});
