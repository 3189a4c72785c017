import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { freePortPair, isFreePort } from "./free-port.ts";

test("a port is free when nobody listens on it, and taken when somebody does on any of this machine's addresses", async () => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    const server = createServer().listen(0, host);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    assert.equal(await isFreePort(port), false);
    server.close();
    await once(server, "close");
    assert.equal(await isFreePort(port), true);
  }
});

test("the pair of ports skips those that are taken and those that are reserved", async () => {
  const { httpPort: from } = await freePortPair(24_280);
  const server = createServer().listen(from + 1, "127.0.0.1");
  await once(server, "listening");
  const pair = await freePortPair(from, new Set([from + 2]));
  assert.ok(pair.httpPort >= from + 4 && (pair.httpPort - from) % 2 === 0 && pair.peerPort === pair.httpPort + 1);
  server.close();
  await once(server, "close");
});
