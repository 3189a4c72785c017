import assert from "node:assert/strict";
import { get } from "node:http";
import test from "node:test";
import { env } from "./fakes/harness.ts";
import type { Receiver } from "./guarded.ts";
import { guarded } from "./guarded.ts";
import { loopback, openListener } from "./listener.ts";
import { Traffic } from "./traffic.ts";

const LIMITS = { connectionsMax: 8, silenceMs: 60_000, headersMs: 10_000, keepAliveMs: 5_000 };

/** The status of an answer, or the code by which it broke off. */
function statusAt(port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = get({ host: "127.0.0.1", port, agent: false }, (answer) => answer.on("close", () => resolve(answer.complete ? answer.statusCode! : "broken off")).resume());
    sent.on("error", (error) => resolve(error.message));
  });
}

test("whoever asks for what fails in an unforeseen way is told so, or cut off where the answer does not fit its head, and the next is served", async () => {
  const traffic = new Traffic();
  const turns: Receiver[] = [
    () => {
      throw new Error("at once");
    },
    () => Promise.reject(new Error("in time")),
    (_, response) => {
      response.write("half of it");
      throw new Error("within the answer");
    },
    (_, response) => void response.writeHead(200, ["Content-Length", "5"]).end("longer than that"),
    (_, response) => void response.writeHead(200, ["Content-Length", "5"]).end("less"),
    (_, response) => void response.end("all"),
  ];
  const listener = await openListener(env, loopback(0), LIMITS);
  listener.serve(guarded(env, traffic, (request, response) => turns.shift()!(request, response)));
  try {
    const statuses: (number | string)[] = [];
    while (turns.length > 0) statuses.push(await statusAt(listener.port));
    assert.deepEqual(statuses.toSpliced(2, 3), [500, 500, 200]);
    for (const status of statuses.slice(2, 5)) assert.match(String(status), /broken off|hang up/);
  } finally {
    await listener.close();
  }
});
