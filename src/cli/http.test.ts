import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { ApiClient } from "./http.ts";

const signal = new AbortController().signal;

async function serve(listener: RequestListener): Promise<{ client: ApiClient; server: Server; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const client = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, "secret-token");
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a question bears the token and the JSON, and gives the answer", async () => {
  await using desk = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => response.end(JSON.stringify({ path: request.url, token: request.headers.authorization, sent: JSON.parse(Buffer.concat(chunks).toString()) })));
  });
  assert.deepEqual(await desk.client.ask({ method: "POST", path: "/invites", json: { zone: "home" }, signal }), { path: "/api/invites", token: "Bearer secret-token", sent: { zone: "home" } });
});

test("an error of the host is thrown with its own code and words", async () => {
  await using desk = await serve((_, response) => response.writeHead(409).end(JSON.stringify({ code: "NAME_TAKEN", message: "blog is taken. Choose another name." })));
  await assert.rejects(desk.client.ask({ method: "GET", path: "/x", signal }), { code: "NAME_TAKEN", message: "blog is taken. Choose another name.", status: 409 });
});

test("an answer that is no JSON says that something else may listen there", async () => {
  await using desk = await serve((_, response) => response.end("<html>"));
  await assert.rejects(desk.client.ask({ method: "GET", path: "/x", signal }), { code: "UNEXPECTED_ANSWER" });
});

test("a port on which nobody listens is a host that is not running", async () => {
  const desk = await serve(() => {});
  await desk[Symbol.asyncDispose]();
  await assert.rejects(desk.client.ask({ method: "GET", path: "/x", signal }), { code: "NOT_RUNNING" });
});

test("rows come one by one, and a list that breaks off is an error and not a short list", async () => {
  await using desk = await serve((request, response) => {
    response.write('{"n":1}\n{"n":2}\n');
    if (request.url === "/api/whole") response.end();
    else setImmediate(() => response.destroy());
  });
  assert.deepEqual(await Array.fromAsync(desk.client.rows("/whole", signal)), [{ n: 1 }, { n: 2 }]);
  await assert.rejects(Array.fromAsync(desk.client.rows("/broken", signal)), { code: "UNEXPECTED_ANSWER" });
});

test("a body is streamed with its length, and a source that fails ends the request with its error", async () => {
  let received = 0;
  await using desk = await serve((request, response) => {
    request.on("data", (chunk: Buffer) => (received += chunk.length)).on("error", () => {});
    request.on("end", () => response.end(JSON.stringify({ length: request.headers["content-length"] })));
  });
  const chunk = new Uint8Array(300_000);
  async function* whole(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 10; i += 1) yield chunk;
  }
  assert.deepEqual(await desk.client.ask({ method: "PUT", path: "/f", body: { sizeBytes: 3_000_000, chunks: whole() }, signal }), { length: "3000000" });
  assert.equal(received, 3_000_000);
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield chunk;
    throw new Error("the disk is gone");
  }
  await assert.rejects(desk.client.ask({ method: "PUT", path: "/f", body: { sizeBytes: 3_000_000, chunks: failing() }, signal }), /the disk is gone/);
});

test("a body that is refused is not sent to its end, and the next question is answered", async () => {
  let received = 0;
  await using desk = await serve((request, response) => {
    request.on("data", (chunk: Buffer) => (received += chunk.length)).on("error", () => {});
    if (request.method === "PUT") response.writeHead(507).end('{"code":"NO_SPACE","message":"No host takes it."}');
    else response.end("{}");
  });
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 1000; i += 1) yield new Uint8Array(1_000_000);
  }
  await assert.rejects(desk.client.ask({ method: "PUT", path: "/f", body: { sizeBytes: 1_000_000_000, chunks: endless() }, signal }), /No host takes it/);
  assert.deepEqual(await desk.client.ask({ method: "DELETE", path: "/p", signal }), {});
  assert.ok(received < 200_000_000, `${received} bytes were sent`);
});

test("a question that is cancelled ends with the reason", async () => {
  await using desk = await serve(() => {});
  const stop = new AbortController();
  const asked = desk.client.ask({ method: "GET", path: "/slow", signal: stop.signal });
  stop.abort(new Error("Ctrl-C"));
  await assert.rejects(asked, /Ctrl-C/);
});

test("a host that does not answer in time is an error that says so, and a stopped question says why it was stopped", async () => {
  await using desk = await serve((request, response) => {
    if (request.url === "/api/slow") response.write("{");
  });
  for (const path of ["/silent", "/slow"]) await assert.rejects(desk.client.askPromptly("GET", path, signal, undefined, 50), { code: "DEADLINE", message: /within 0\.05 seconds/ }, path);
  const stop = new AbortController();
  const asking = desk.client.askPromptly("GET", "/silent", stop.signal);
  stop.abort(new Error("Stopped."));
  await assert.rejects(asking, /Stopped/);
});
