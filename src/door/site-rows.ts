import type { HostId, NamespaceId } from "../codec/index.ts";
import type { FileInfo, HeadInfo, PublishResult, SiteInfo } from "../site/index.ts";
import type { Node } from "./port.ts";
import type { FileRow, HeadRow, HostRow, PublishRow, SiteRow } from "./rows.ts";

/** The hosts that hold a part or all of what is stored under the namespace, by their own word. */
export function holdersOf(node: Node, namespace: NamespaceId): HostRow[] {
  const { holders } = node.pool.standing(namespace);
  return node.hosts().filter((host) => holders.has(host.id as HostId));
}

const IP = /^\/ip[46]\/([^/]+)\//;

/** The other hosts on this machine that serve now: those whose doors a browser here can reach. */
export function neighbours(node: Node): (HostRow & { readonly httpPort: number })[] {
  const hosts = node.hosts();
  const ipOf = (host: HostRow | undefined): string | undefined => IP.exec(host?.address ?? "")?.[1];
  const own = ipOf(hosts.find((host) => host.isSelf));
  const isHere = (ip: string | undefined): boolean => ip !== undefined && (ip === own || ip === "::1" || ip.startsWith("127."));
  return hosts.filter((host): host is HostRow & { readonly httpPort: number } => !host.isSelf && host.presence === "online" && host.httpPort !== undefined && isHere(ipOf(host)));
}

export function fileRow(site: string, file: FileInfo): FileRow {
  return { site, path: file.path, id: file.id, sizeBytes: file.sizeBytes, type: file.type };
}

export function headRow(head: HeadInfo): HeadRow {
  return { sequence: head.sequence, root: head.root, files: head.files, sizeBytes: head.sizeBytes, publishedMs: head.publishedMs };
}

export function siteAddress(name: string, port: number): string {
  return `http://${name}.localhost:${port}/`;
}

/** @param hosts all there are; whoever makes many rows asks for them once */
export function siteRow(node: Node, site: SiteInfo, port: number, hosts: readonly HostRow[] = node.hosts()): SiteRow {
  const { packs, holders, survives, survivesNow } = node.pool.standing(site.namespace);
  const holding = hosts.filter((host) => holders.has(host.id as HostId));
  return {
    name: site.name,
    address: siteAddress(site.name, port),
    lanAddress: node.lanAddress(site.namespace) ?? null,
    namespace: site.namespace,
    owner: site.owner,
    standing: site.standing,
    head: site.head === undefined ? null : headRow(site.head),
    survives: packs === 0 ? null : survives,
    survivesNow: packs === 0 ? null : survivesNow,
    holders: holding.map(({ name }) => name),
    away: holding.filter(({ presence }) => presence === "away").map(({ name }) => name),
  };
}

export function siteRows(node: Node, port: number): SiteRow[] {
  const hosts = node.hosts();
  return node.sites.list().map((site) => siteRow(node, site, port, hosts));
}

export function publishRow(node: Node, result: PublishResult, port: number): PublishRow {
  return { site: siteRow(node, result.site, port), head: headRow(result.head), address: siteAddress(`${result.head.sequence}.${result.site.name}`, port), survives: result.survives, safe: result.safe };
}
