import { createServer } from "node:http";

// The least that node:http does for an answer: the same bytes from memory for each request, with the head of a served file.
const files = new Map([1024, 64 * 1024, 4 * 1024 * 1024].map((size) => [`/${size}.bin`, Buffer.alloc(size, 7)]));
const server = createServer((request, response) => {
  const bytes = files.get(request.url ?? "");
  if (bytes === undefined) return void response.writeHead(404).end();
  response.writeHead(200, ["Content-Type", "application/octet-stream", "ETag", '"0"', "Cache-Control", "no-cache", "Content-Length", String(bytes.length)]);
  response.end(bytes);
});
// As long as a host that faces the web.
server.keepAliveTimeout = 75_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : 0 })}\n`);
});
process.stdin.resume().on("end", () => process.exit());
