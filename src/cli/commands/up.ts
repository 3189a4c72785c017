import { finished } from "node:stream";
import { InvalidArgumentError, Option } from "commander";
import type { LogLevel } from "../../platform/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common } from "../context.ts";
import { demoSwitch } from "../demo/switch.ts";
import { lanWords } from "../lan-words.ts";
import { parseBytes, parseDuration } from "../sizes.ts";
import { printable } from "../table.ts";
import { dataFolder } from "../target.ts";

interface Options extends CommonOptions {
  readonly httpPort?: number;
  readonly peerPort?: number;
  readonly listen?: string;
  readonly announce?: string[];
  readonly peers?: string;
  readonly lan?: true;
  readonly httpListen?: string[];
  readonly trustProxy?: string[];
  readonly dns?: string[];
  readonly log?: LogLevel;
  readonly discovery: boolean;
  readonly repairRate?: number;
  readonly scrubEvery?: number;
  readonly auditEvery?: number;
  readonly endWithParent?: true;
  readonly demo?: true;
}

export const up: CommandFile = (command, go) => {
  command
    .option("--http-port <port>", "where browsers find the sites, on this machine only (default: the next free from 4280)", portOf)
    .option("--peer-port <port>", "where other hosts find this one (default: the next free from 4281)", portOf)
    .option("--listen <address>", "the IP address other hosts may use (default: all of this machine's)")
    .option("--announce <address...>", "where others find this host from outside, such as a forwarded port: /dns4/home.example/tcp/4281")
    .option("--peers <file>", "a list of addresses, as 'hosts --addresses' writes it")
    .option("--lan", "show the sites to whoever is on the local network, each at a port of its own; 'sites' lists the addresses")
    .option("--http-listen <address...>", "serve sites under their own domains to whoever can reach this address: *:80, 192.0.2.7:8080 (default: to nobody)")
    .option("--trust-proxy <address...>", "servers in front, or networks of them, whose X-Forwarded-Host and -Proto count: 127.0.0.1, 10.0.0.0/8")
    .option("--dns <address...>", "name servers that are asked whose domains are, such as 192.0.2.53 (default: this machine's)", nameServerOf)
    .option("--no-discovery", "do not look for hosts on the local network")
    .option("--repair-rate <rate>", "moved for repair at most, by the second: 5MB (default: 20MB)", parseBytes)
    .option("--scrub-every <time>", "everything held here is read again and checked in so long (default: 30d)", parseDuration)
    .option("--audit-every <time>", "other hosts are asked so often to prove what they hold (default: 1h)", parseDuration)
    .addOption(new Option("--log <level>", "what the log tells on standard error (default: warn on a terminal, else info)").choices(["debug", "info", "warn", "error", "silent"]))
    .addOption(new Option("--end-with-parent", "end when standard input ends").hideHelp())
    .addOption(new Option("--demo", "hosts may be unplugged from the Browser: what is wanted of other hosts is a line of standard output each, and answered on standard input").hideHelp())
    .action(go(runUp));
  common(command, "up --data ~/holdfast", "up --data ~/holdfast --lan", "up --data ~/holdfast --repair-rate 5MB", "up --data ~/holdfast --peer-port 4281 --announce /dns4/home.example/tcp/4281");
};

function portOf(typed: string): number {
  const port = Number(typed);
  if (!/^\d{1,5}$/.test(typed) || port > 65_535) throw new InvalidArgumentError("Type a number from 1 to 65535, or 0 for any that is free.");
  return port;
}

function nameServerOf(typed: string, before: readonly string[] = []): readonly string[] {
  if (!/^(?:[\d.]+(?::\d{1,5})?|[\da-fA-F:.]+|\[[\da-fA-F:.]+\]:\d{1,5})$/.test(typed)) throw new InvalidArgumentError("Type the IP address of a name server, with :PORT where it is not 53.");
  return [...before, typed];
}

/** Runs a host until it is told to end. */
export async function runUp(context: Context, options: Options): Promise<void> {
  const data = await dataFolder(options);
  const { runHost } = await import("../../daemon/index.ts");
  const host = await runHost({
    data,
    log: options.log ?? (context.io.isTerminal ? "warn" : "info"),
    discovery: options.discovery,
    ...(options.httpPort === undefined ? {} : { httpPort: options.httpPort }),
    ...(options.peerPort === undefined ? {} : { peerPort: options.peerPort }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.announce === undefined ? {} : { announce: options.announce }),
    ...(options.lan === undefined ? {} : { lan: options.lan }),
    ...(options.httpListen === undefined ? {} : { httpListen: options.httpListen }),
    ...(options.trustProxy === undefined ? {} : { trustedProxies: options.trustProxy }),
    ...(options.dns === undefined ? {} : { nameServers: options.dns }),
    ...(options.repairRate === undefined ? {} : { repairRate: options.repairRate }),
    ...(options.scrubEvery === undefined ? {} : { scrubPeriodMs: options.scrubEvery }),
    ...(options.auditEvery === undefined ? {} : { auditEveryMs: options.auditEvery }),
    ...(options.peers === undefined ? {} : { peersFile: options.peers }),
    ...(options.demo === undefined ? {} : { demo: demoSwitch(context.env, context.io) }),
  });
  const { url, httpPort, peerPort, hostName } = host;
  // What a service says is kept in a log that others may read; whoever runs it so asks for a link with "holdfast browser".
  const browser = context.io.json || context.io.isTerminal ? host.browserLink() : url;
  const ready = { ready: true, url, browser, httpPort, peerPort, hostId: host.host, hostName, networkName: host.networkName, addresses: host.addresses, web: host.web, lan: host.lan, pid: process.pid };
  const web = host.web.map(({ address, port }) => `  own domains    ${address}, port ${port}\n`).join("");
  const lan = lanWords(host.lan);
  context.io.answer(ready, () => `${hostName} of ${printable(host.networkName)} is up (process ${process.pid}).\n  in a browser   ${browser}\n  other hosts    port ${peerPort}\n${web}${lan === undefined ? "" : `  local network  ${lan}\n`}Ctrl-C ends it.`);
  // What goes wrong while stopping shows where the end is awaited.
  const stop = (): void => void host.stop().catch(() => {});
  context.signal.addEventListener("abort", stop, { once: true });
  if (context.signal.aborted) stop();
  // Also when it ended while the host was starting: in a demo it is read from the beginning.
  if (options.endWithParent === true) finished(process.stdin.resume(), { writable: false }, stop);
  await host.closed;
  // What is left is a timer of a library's, of a second, that nobody needs and nobody can stop.
  process.exit();
}
