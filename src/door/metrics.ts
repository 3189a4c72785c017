import { Counter, Gauge, Registry } from "prom-client";
import type { Node } from "./port.ts";
import type { Traffic } from "./traffic.ts";

/** Everything /metrics says, in Prometheus' text format. Values are read when a scrape asks for them. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #node: Node;
  readonly #gauges = new Map<string, Gauge>();
  /** What counters have been told so far: prom-client's counters only add. */
  readonly #told = new Map<string, number>();
  readonly #traffic: Traffic;
  readonly #requests: Counter<"status">;
  readonly #bytes: Counter;
  readonly #broken: Counter;
  readonly #cutOff: Counter;

  constructor(node: Node, traffic: Traffic) {
    this.#node = node;
    this.#traffic = traffic;
    const registers = [this.#registry];
    this.#requests = new Counter({ name: "holdfast_http_requests_total", help: "Answers by HTTP status.", labelNames: ["status"], registers });
    this.#bytes = new Counter({ name: "holdfast_http_sent_bytes_total", help: "Bytes of bodies handed to connections.", registers });
    this.#broken = new Counter({ name: "holdfast_http_broken_streams_total", help: "Files whose rest could not be read while they were sent.", registers });
    this.#cutOff = new Counter({ name: "holdfast_http_cut_off_clients_total", help: "Clients cut off because they did not read and memory was needed.", registers });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const { hosts, sites, capacityBytes, usedBytes } = await this.#node.status();
    this.#set("holdfast_members", "Hosts of the network.", hosts.total);
    this.#set("holdfast_peers_online", "Other hosts that are connected.", Math.max(0, hosts.online - 1));
    this.#set("holdfast_sites", "Published sites.", sites);
    this.#set("holdfast_capacity_bytes", "Space given to the network.", capacityBytes);
    this.#set("holdfast_used_bytes", "Space used of it.", usedBytes);
    for (const { name, help, value, byCode = new Map<string, number>() } of this.#node.gauges()) {
      this.#set(name, help, value);
      for (const [code, part] of byCode) this.#set(name.replace(/_count$/, "_by_code_count"), help, part, code);
    }
    for (const [status, count] of this.#traffic.byStatus()) this.#advance(`status ${status}`, count, (by) => this.#requests.inc({ status: String(status) }, by));
    this.#advance("bytes", this.#traffic.bytes, (by) => this.#bytes.inc(by));
    this.#advance("broken", this.#traffic.brokenStreams, (by) => this.#broken.inc(by));
    this.#advance("cut off", this.#traffic.cutOffClients, (by) => this.#cutOff.inc(by));
    return this.#registry.metrics();
  }

  #set(name: string, help: string, value: number, code?: string): void {
    let gauge = this.#gauges.get(name);
    if (gauge === undefined) {
      gauge = new Gauge({ name, help, labelNames: code === undefined ? [] : ["code"], registers: [this.#registry] });
      this.#gauges.set(name, gauge);
    }
    if (code === undefined) gauge.set(value);
    else gauge.set({ code }, value);
  }

  #advance(what: string, total: number, add: (by: number) => void): void {
    const told = this.#told.get(what) ?? 0;
    if (total > told) add(total - told);
    this.#told.set(what, total);
  }
}
