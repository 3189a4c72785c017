import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import test from "node:test";
import type { DoorOptions } from "../door.ts";
import { FakeNode, TestDoor } from "../fakes/harness.ts";

async function open(limits: DoorOptions["limits"]): Promise<TestDoor> {
  const door = await TestDoor.open(new FakeNode(), { web: { places: [{ addresses: ["127.0.0.1"], port: 0, option: "--http-listen" }], isTrusted: () => false }, ...(limits === undefined ? {} : { limits }) });
  door.sites.put("blog", { "index.html": "<p>blog" });
  door.sites.domains.owners.set("example.org", "blog");
  return door;
}

async function visit(door: TestDoor): Promise<Socket> {
  const socket = door.socket(door.door.web[0]!.port);
  socket.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  await once(socket, "data");
  return socket;
}

function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test("visitors who say nothing more cost little, and others are served beside them", async () => {
  await using door = await open({});
  await visit(door);
  const before = held();
  const sockets = await Promise.all(Array.from({ length: 400 }, () => visit(door)));
  const each = (held() - before) / sockets.length;
  // Both ends of each connection are in this process, and garbage with them. A chunk of a file that was kept would be a MiB.
  assert.ok(each < 256 * 1024, `${Math.round(each)} bytes for each`);
  assert.equal((await door.web("example.org", "/")).body.toString(), "<p>blog");
  for (const socket of sockets) socket.destroy();
});

test("connections beyond the limit are closed, and those before them go on", async () => {
  await using door = await open({ connectionsMax: 20 });
  const first = await Promise.all(Array.from({ length: 20 }, () => visit(door)));
  const late = door.socket(door.door.web[0]!.port);
  await new Promise((resolve) => late.resume().once("close", resolve));
  first[0]!.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  assert.match(String((await once(first[0]!, "data"))[0]), /^HTTP\/1\.1 200 /);
  const gone = once(first[1]!, "close");
  first[1]!.destroy();
  await gone;
  for (const socket of first) socket.destroy();
});

test("heads without end are cut off at their limit, and those that come drop by drop when their time is up", async () => {
  await using door = await open({ headersMs: 300 });
  const cutOff = (head: string): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = door.socket(door.door.web[0]!.port);
    let told = "";
    socket.on("data", (chunk: Buffer) => (told += chunk.toString("latin1"))).once("close", () => resolve(told));
    socket.write(`GET / HTTP/1.1\r\nHost: example.org\r\n${head}`);
    return promise;
  };
  const floods = Array.from({ length: 100 }, () => cutOff("X-Flood: yes\r\n".repeat(20_000)));
  const drops = Array.from({ length: 100 }, () => cutOff(`X: ${"y".repeat(15_000)}`));
  // Whoever is still sending when the connection is closed does not always hear why.
  for (const told of await Promise.all(floods)) assert.match(told, /^(HTTP\/1\.1 431 |$)/);
  for (const told of await Promise.all(drops)) assert.match(told, /^HTTP\/1\.1 408 /);
  assert.equal((await door.web("example.org", "/")).status, 200);
});
