// Caddy and nginx, started with the configurations in docs/hosting/ but for ports, folders and who signs their certificates.

import { execFile, spawn } from "node:child_process";
import { request as httpsRequest } from "node:https";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { freePortPair } from "../../src/net/index.ts";
import type { Answer, Bench } from "../cluster/harness.ts";
import { until } from "../cluster/harness.ts";

const CONFIGURATIONS = resolve(import.meta.dirname, "../../docs/hosting");
const SERVED = "127.0.0.1:8080";

/** A web server in front of a host, with HTTPS from an authority of its own. */
export interface Front {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** The certificate of the authority, in PEM; read anew, for Caddy makes it by itself. */
  authority(): Promise<string>;
}

/** The configuration as it stands in the documents, each text that the test needs otherwise replaced once. @throws when one is not in it */
async function configuration(name: string, changes: readonly (readonly [string, string])[]): Promise<string> {
  let text = await readFile(join(CONFIGURATIONS, name), "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`docs/hosting/${name} no longer has ${JSON.stringify(from)}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** @param dead an address at which no host answers, named before the one that does */
export async function startCaddy(bench: Bench, host: string, dead: string): Promise<Front> {
  const folder = join(bench.folder, "caddy");
  await mkdir(folder);
  const { httpPort, peerPort: httpsPort } = await freePortPair(20_000 + Math.floor(Math.random() * 20_000));
  const more = `{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\thttp_port ${httpPort}\n\thttps_port ${httpsPort}\n\tstorage file_system ${folder}\n`;
  await writeFile(join(folder, "Caddyfile"), await configuration("Caddyfile", [["{\n\ton_demand_tls", `${more}\ton_demand_tls`], [`reverse_proxy ${SERVED}`, `reverse_proxy ${dead} ${SERVED}`], [SERVED, host]]));
  await start(bench, "caddy", ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], folder, httpsPort);
  return { httpPort, httpsPort, authority: () => readFile(join(folder, "pki/authorities/local/root.crt"), "utf8") };
}

/** @param dead as above */
export async function startNginx(bench: Bench, host: string, dead: string): Promise<Front> {
  const folder = join(bench.folder, "nginx");
  await mkdir(folder);
  const { httpPort, peerPort: httpsPort } = await freePortPair(20_000 + Math.floor(Math.random() * 20_000));
  const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  await promisify(execFile)("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:example.org,DNS:www.example.org"]);
  const sites = await configuration("nginx.conf", [
    [`server ${SERVED};`, `server ${dead}; server ${SERVED};`],
    [SERVED, host],
    ["listen 80 ", `listen 127.0.0.1:${httpPort} `],
    ["listen 443 ", `listen 127.0.0.1:${httpsPort} `],
    ["/etc/letsencrypt/live/example.org/fullchain.pem", certificate],
    ["/etc/letsencrypt/live/example.org/privkey.pem", key],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
  await writeFile(join(folder, "nginx.conf"), `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;\nevents {}\nhttp { access_log off; ${temporary}\n${sites}}\n`);
  await start(bench, "nginx", ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")], folder, httpsPort);
  return { httpPort, httpsPort, authority: () => readFile(certificate, "utf8") };
}

async function start(bench: Bench, program: string, args: readonly string[], home: string, port: number): Promise<void> {
  const said: string[] = [];
  const child = bench.watch(spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: home } }));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  child.on("error", (error) => said.push(String(error)));
  try {
    await until(`${program} listens`, 15_000, () => opens(port));
  } catch (error) {
    throw new Error(`${program} does not serve: ${said.join("")}`, { cause: error });
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy()).once("error", () => {}).once("close", (hadError) => resolve(!hadError));
  });
}

/** A request over HTTPS, its certificate checked against the front's authority and the domain. */
export async function ask(front: Front, domain: string, path: string, options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<Answer> {
  const ca = await front.authority();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = httpsRequest({ host: "127.0.0.1", port: front.httpsPort, servername: domain, ca, path, method: options.method ?? "GET", headers: { host: domain, ...options.headers }, agent: false, signal: AbortSignal.timeout(15_000) }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const body = Buffer.concat(chunks);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString("utf8") });
    });
  });
  sent.on("error", reject).end();
  return promise;
}
