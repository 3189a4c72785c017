import type { HostId } from "../../codec/index.ts";
import { idFromText } from "../../codec/index.ts";
import type { WorkerStatus } from "../../platform/index.ts";
import type { Node } from "../port.ts";
import { Acknowledged, CreatedInvite, HostRow, InviteGrants, InviteRow, Layout, NetworkSettings, PeerAddresses, SettingChanges, Status, WorkerRow } from "../rows.ts";
import { body, list, object } from "../schema.ts";
import { acknowledge } from "./acknowledge.ts";
import type { Route } from "./route.ts";
import { ok } from "./route.ts";

const AddressList = body({ addresses: { type: "array", items: PeerAddresses, maxItems: 10_000 } }, { $id: "AddressList" });

function workerRow(worker: WorkerStatus): WorkerRow {
  return { name: worker.name, state: worker.state, progress: worker.progress, lastError: worker.lastError ?? null, runs: worker.runs, lastRunMs: worker.lastRunWallMs ?? null };
}

/** The network and its hosts. */
export function networkRoutes(node: Node): readonly Route[] {
  return [
    { method: "GET", path: "/api/status", name: "status", summary: "The state of the network in short", gives: { 200: { description: "The state", schema: Status } }, handle: async () => ok(await node.status()) },
    { method: "GET", path: "/api/hosts", name: "hosts", summary: "All hosts, this one first", gives: { 200: { description: "The hosts", schema: object({ hosts: list(HostRow) }) } }, handle: () => ok({ hosts: node.hosts() }) },
    {
      method: "DELETE",
      path: "/api/hosts/{id}",
      name: "removeHost",
      summary: "Remove a host from the network",
      gives: { 200: { description: "It is removed", schema: Acknowledged }, 202: { description: "It is removed, but few hosts know yet", schema: Acknowledged } },
      handle: async (call) => acknowledge(await node.removeHost(idFromText<HostId>(call.param("id")), false)),
    },
    {
      method: "POST",
      path: "/api/hosts/{id}/lost",
      name: "giveUpHost",
      summary: "Remove a host that never comes back; works without a majority of the voters",
      gives: { 200: { description: "It is removed", schema: Acknowledged }, 202: { description: "It is removed, but few hosts know yet", schema: Acknowledged } },
      handle: async (call) => acknowledge(await node.removeHost(idFromText<HostId>(call.param("id")), true)),
    },
    {
      method: "POST",
      path: "/api/hosts/{id}/revoke",
      name: "revokeHost",
      summary: "End a host's right to act for this host's person",
      gives: { 200: { description: "It is revoked", schema: Acknowledged }, 202: { description: "It is revoked, but few hosts know yet", schema: Acknowledged } },
      handle: async (call) => acknowledge(await node.revokeHost(idFromText<HostId>(call.param("id")))),
    },
    { method: "GET", path: "/api/layout", name: "layout", summary: "Who holds which shard, what is moving, and how even it is", gives: { 200: { description: "The layout", schema: Layout } }, handle: async () => ok(await node.layout()) },
    { method: "GET", path: "/api/workers", name: "workers", summary: "Background work and its state", gives: { 200: { description: "The workers", schema: object({ workers: list(WorkerRow) }) } }, handle: () => ok({ workers: node.workers().map(workerRow) }) },
    {
      method: "POST",
      path: "/api/invites",
      name: "createInvite",
      summary: "Make a one-time invite; its code is shown only in this answer",
      takes: InviteGrants,
      gives: { 201: { description: "The invite", schema: CreatedInvite } },
      handle: async (call) => ({ status: 201, json: await node.createInvite(call.body<InviteGrants>()) }),
    },
    { method: "GET", path: "/api/invites", name: "invites", summary: "Invites and what became of them", gives: { 200: { description: "The invites", schema: object({ invites: list(InviteRow) }) } }, handle: () => ok({ invites: node.invites() }) },
    { method: "GET", path: "/api/addresses", name: "addresses", summary: "Where the hosts of the network are", gives: { 200: { description: "The addresses", schema: AddressList } }, handle: () => ok({ addresses: node.addresses() }) },
    {
      method: "PUT",
      path: "/api/addresses",
      name: "learnAddresses",
      summary: "Tell this host where others may be reached",
      takes: AddressList,
      gives: { 200: { description: "All that are known now", schema: AddressList } },
      handle: async (call) => {
        await node.learnAddresses(call.body<{ addresses: PeerAddresses[] }>().addresses);
        return ok({ addresses: node.addresses() });
      },
    },
  ];
}

/** What holds for the whole network. */
export function settingRoutes(node: Node): readonly Route[] {
  return [
    { method: "GET", path: "/api/settings", name: "settings", summary: "What administrators have chosen for the whole network", gives: { 200: { description: "The settings", schema: NetworkSettings } }, handle: () => ok(node.settings()) },
    {
      method: "PUT",
      path: "/api/settings",
      name: "changeSettings",
      summary: "Choose for the whole network",
      takes: SettingChanges,
      gives: { 200: { description: "It is chosen", schema: Acknowledged }, 202: { description: "It is chosen, but few hosts know yet", schema: Acknowledged } },
      handle: async (call) => acknowledge(await node.changeSettings(call.body<SettingChanges>())),
    },
  ];
}
