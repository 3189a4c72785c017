import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
// oxlint-disable-next-line no-restricted-imports -- the tests send several requests at once, which no HTTP client does
import { connect } from "node:net";
import test from "node:test";
import { env } from "./fakes/harness.ts";
import { WAITING_MAX, inTurn } from "./in-turn.ts";
import { loopback, openListener } from "./listener.ts";

const LIMITS = { connectionsMax: 8, silenceMs: 60_000, headersMs: 10_000, keepAliveMs: 5_000 };

/** Sends GETs of these paths at once, and gives all that is answered until the connection ends. */
async function sendAtOnce(listener: RequestListener, paths: readonly string[]): Promise<string> {
  const opened = await openListener(env, loopback(0), LIMITS);
  opened.serve(inTurn(listener));
  try {
    const { promise, resolve } = Promise.withResolvers<void>();
    const chunks: Buffer[] = [];
    const socket = connect(opened.port, "127.0.0.1", () => socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join("")));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => {}).on("close", () => resolve());
    await promise;
    return Buffer.concat(chunks).toString();
  } finally {
    await opened.close();
  }
}

/** The paths, each answered by itself, at once or in time; the connection ends with "/last". */
function answers(under: { way: number; most: number }): RequestListener {
  return (request, response) => {
    under.most = Math.max(under.most, (under.way += 1));
    const answer = (): void => {
      under.way -= 1;
      if (request.url === "/last") response.shouldKeepAlive = false;
      response.end(`(${request.url})`);
    };
    if (request.url === "/later") setImmediate(answer);
    else answer();
  };
}

test("requests that come at once on one connection are answered one after the other, in their order", async () => {
  const under = { way: 0, most: 0 };
  const said = await sendAtOnce(answers(under), ["/later", "/now", "/later", "/last"]);
  assert.deepEqual(said.match(/\(.*?\)/g), ["(/later)", "(/now)", "(/later)", "(/last)"]);
  assert.equal(under.most, 1);
});

test("as many requests as may wait on a connection are all answered", async () => {
  const said = await sendAtOnce(answers({ way: 0, most: 0 }), ["/later", ...Array.from({ length: WAITING_MAX - 1 }, () => "/now"), "/last"]);
  assert.equal(said.match(/\(.*?\)/g)?.length, WAITING_MAX + 1);
});

test("a connection with more waiting requests than may wait is ended, and none of them is begun", async () => {
  const begun: (string | undefined)[] = [];
  const said = await sendAtOnce(({ url }) => void begun.push(url), ["/first", ...Array.from({ length: 1000 }, (_, at) => `/${at}`)]);
  assert.equal(said, "");
  assert.deepEqual(begun, ["/first"]);
});
