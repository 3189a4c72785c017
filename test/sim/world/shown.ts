import { shardOf } from "../../../src/cluster/index.ts";
import type { SimHost } from "./host.ts";
import { shownBy } from "./workload.ts";
import type { Namespace } from "./workload.ts";
import type { World } from "./world.ts";

/** What the hosts that should keep a key show of it, each by itself. */
export interface KeyView {
  readonly namespace: Namespace;
  readonly key: string;
  readonly views: readonly { readonly host: SimHost; readonly versions: readonly number[] }[];
}

/** Every key as each of its replicas shows it now; undefined while the hosts do not agree on who takes part. */
export function look(world: World, namespaces: readonly Namespace[]): KeyView[] | undefined {
  const hosts = world.members();
  const first = hosts[0]?.circle;
  if (first === undefined || !hosts.every(({ circle }) => circle?.cluster.members().length === hosts.length)) return undefined;
  const byId = new Map(hosts.map((host) => [host.id, host]));
  return namespaces.flatMap((namespace) =>
    namespace.keys.map((key) => {
      const group = shardOf(namespace.id, namespace.genesis, key);
      const replicas = first.cluster.replicas(group, namespace.genesis.replicas).map((id) => byId.get(id)!);
      return { namespace, key, views: replicas.map((host) => ({ host, versions: versionsAt(host, namespace, key) })) };
    }),
  );
}

export function versionsAt(host: SimHost, { id }: Namespace, key: string): readonly number[] {
  const { versions } = shownBy(id, key, host.circle?.records.local(id, key));
  return [...versions].sort((a, b) => a - b);
}

/** The keys of which not all replicas show the same. */
export function differing(views: readonly KeyView[]): KeyView[] {
  return views.filter(({ views: [first, ...others] }) => others.some(({ versions }) => versions.join() !== first!.versions.join()));
}

export function describe({ key, views }: KeyView): string {
  return `${key}: ${views.map(({ host, versions }) => `${host.name} shows ${versions.length === 0 ? "nothing" : versions.join()}`).join(", ")}`;
}
