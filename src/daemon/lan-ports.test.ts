import assert from "node:assert/strict";
import test from "node:test";
import type { NamespaceId } from "../codec/index.ts";
import { LanPorts } from "./lan-ports.ts";

test("a site's port is kept in the settings, and a spoilt line of them is passed over", async () => {
  const settings = { lanPorts: ["spoilt", "x y"] as readonly string[], change: async (more: object): Promise<void> => void Object.assign(settings, more) };
  const ports = new LanPorts(settings);
  const [blog, wiki] = ["blog", "wiki"] as [NamespaceId, NamespaceId];
  await ports.keep(blog, 4600);
  await ports.keep(wiki, 4601);
  assert.deepEqual([ports.of(blog), ports.of(wiki), ports.of("none" as NamespaceId), [...ports.all()]], [4600, 4601, undefined, [4600, 4601]]);
  assert.deepEqual(settings.lanPorts.slice(2), ["blog 4600", "wiki 4601"]);
});
