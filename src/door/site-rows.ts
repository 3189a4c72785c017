import type { HostId, NamespaceId } from "../codec/index.ts";
import type { FileInfo, HeadInfo, PublishResult, SiteInfo } from "../site/index.ts";
import type { Node } from "./port.ts";
import type { FileRow, HeadRow, HostRow, PublishRow, SiteRow } from "./rows.ts";

/** The hosts that hold a part or all of what is stored under the namespace, by their own word. */
export function holdersOf(node: Node, namespace: NamespaceId): HostRow[] {
  const holders = new Set<string>();
  for (const pack of node.pool.packs(namespace)) for (const holder of pack.holders) holders.add(holder satisfies HostId);
  return node.hosts().filter((host) => holders.has(host.id));
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

export function siteRow(node: Node, site: SiteInfo, port: number): SiteRow {
  const packs = [...node.pool.packs(site.namespace)].map((each) => each.pack);
  return {
    name: site.name,
    address: siteAddress(site.name, port),
    namespace: site.namespace,
    owner: site.owner,
    standing: site.standing,
    head: site.head === undefined ? null : headRow(site.head),
    survives: packs.length === 0 ? null : node.pool.survives(site.namespace, packs),
    holders: holdersOf(node, site.namespace).map((each) => each.name),
  };
}

export function publishRow(node: Node, result: PublishResult, port: number): PublishRow {
  return { site: siteRow(node, result.site, port), head: headRow(result.head), survives: result.survives, safe: result.safe };
}
