import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePortPair } from "../src/net/index.ts";
import type { Bench } from "../test/cluster/harness.ts";
import { until } from "../test/cluster/harness.ts";
import { Program, installed } from "./processes.ts";

/** Something that serves files on a port of 127.0.0.1. */
export interface WebServer {
  readonly name: string;
  readonly port: number;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

function nginxConfig(folder: string, root: string, port: number): string {
  // Debian's defaults but for the log, which the others do not write either, and connections that are not cut after a thousand requests.
  // As another user its workers could not read the benchmark's folder. Only root may say so, and only root need.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `${user} daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; worker_processes auto;
events { worker_connections 768; }
http {
  types { application/octet-stream bin; }
  sendfile on; tcp_nopush on; access_log off; keepalive_requests 100000000;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
}

function caddyConfig(root: string, port: number): string {
  return `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  root * ${root}
  file_server
}
`;
}

/** Ends the server when its own input ends: so that nginx's workers, too, are gone when the benchmark is, whatever ended it. */
const KEEPER = '"$@" </dev/null & read _; kill -TERM $!; wait';

/** Starts nginx or Caddy on a folder; undefined when it is not installed. */
export async function startPeer(bench: Bench, name: "nginx" | "caddy", root: string): Promise<WebServer | undefined> {
  const path = await installed(name);
  if (path === undefined) return undefined;
  const folder = join(bench.folder, name);
  await mkdir(folder);
  const { httpPort: port } = await freePortPair(20_000 + Math.floor(Math.random() * 20_000));
  const file = join(folder, "config");
  await writeFile(file, name === "nginx" ? nginxConfig(folder, root, port) : caddyConfig(root, port));
  const args = name === "nginx" ? ["-p", folder, "-c", file] : ["run", "--config", file, "--adapter", "caddyfile"];
  const keeper = spawn("sh", ["-c", KEEPER, "sh", path, ...args], { stdio: ["pipe", "ignore", "pipe"], env: { ...process.env, HOME: folder } });
  const gone = once(keeper, "exit");
  const said: string[] = [];
  keeper.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const stop = async (): Promise<void> => {
    keeper.stdin.end();
    await gone;
  };
  try {
    await until(`${name} listens`, 10_000, () => opens(port));
  } catch (error) {
    await stop();
    throw new Error(`${name} does not serve: ${said.join("")}`, { cause: error });
  }
  return { name, port, pids: descendants(keeper.pid!), stop };
}

function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter((text) => text.trim() !== "").map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

export async function startBareNode(bench: Bench): Promise<WebServer> {
  const program = new Program(bench, "bare-http.ts");
  const { port } = await program.next<{ port: number }>();
  return { name: "bare node:http", port, pids: [program.pid], stop: () => program.stop() };
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
