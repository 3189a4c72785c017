import type { AccountId, HostId } from "../../codec/index.ts";
import { idFromText } from "../../codec/index.ts";
import type { Upkeep } from "../port.ts";
import { PartingRow, PoolRow, WhereRow } from "../pool-rows.ts";
import { list, object } from "../schema.ts";
import { CapacityChange, CapacityRow, DrainingChange, Farewell, MirrorChange, MirrorsRow, PersonRow, QuotaChange } from "../upkeep-rows.ts";
import { acknowledge, acknowledged } from "./acknowledge.ts";
import type { Route } from "./route.ts";
import { ok } from "./route.ts";

/** Hosts' space and who may take how much of it. */
export function upkeepRoutes(upkeep: Upkeep): readonly Route[] {
  return [...hostRoutes(upkeep), ...poolRoutes(upkeep)];
}

function hostRoutes(upkeep: Upkeep): readonly Route[] {
  return [
    {
      method: "PUT",
      path: "/api/hosts/{id}/draining",
      name: "drainHost",
      summary: "Empty a host, so that it may leave; or let it be filled again",
      takes: DrainingChange,
      gives: acknowledged("It is said"),
      handle: async (call) => acknowledge(await upkeep.drain(idFromText<HostId>(call.param("id")), call.body<DrainingChange>().isDraining)),
    },
    {
      method: "GET",
      path: "/api/hosts/{id}/parting",
      name: "parting",
      summary: "What the network would lose with a host",
      gives: { 200: { description: "What lies only there", schema: PartingRow } },
      handle: async (call) => ok(await upkeep.parting(idFromText<HostId>(call.param("id")))),
    },
    {
      method: "POST",
      path: "/api/leave",
      name: "leave",
      summary: "End this host's part in the network",
      takes: Farewell,
      gives: acknowledged("It is removed"),
      handle: async (call) => acknowledge(await upkeep.leave(call.body<Farewell>().isNow)),
    },
    {
      method: "PUT",
      path: "/api/capacity",
      name: "resizeHost",
      summary: "Offer more or less of this host's disk; nothing is deleted for it",
      takes: CapacityChange,
      gives: { 200: { description: "What it offers now", schema: CapacityRow } },
      handle: async (call) => ok(await upkeep.resize(call.body<CapacityChange>().capacityBytes)),
    },
    { method: "GET", path: "/api/mirrors", name: "mirrors", summary: "What this host keeps by its own choice", gives: { 200: { description: "The sites", schema: MirrorsRow } }, handle: () => ok(upkeep.mirrored()) },
    {
      method: "PUT",
      path: "/api/mirrors",
      name: "mirror",
      summary: "Keep a site whole on this host, or no longer",
      takes: MirrorChange,
      gives: { 200: { description: "The sites", schema: MirrorsRow } },
      handle: async (call) => {
        const { site, isMirrored } = call.body<MirrorChange>();
        return ok(await upkeep.mirror(site, isMirrored));
      },
    },
  ];
}

function poolRoutes(upkeep: Upkeep): readonly Route[] {
  return [
    { method: "GET", path: "/api/pool", name: "pool", summary: "What is offered and used, what it survives, and who has what of it", gives: { 200: { description: "The pool", schema: PoolRow } }, handle: async () => ok(await upkeep.pool()) },
    { method: "GET", path: "/api/where/{id}", name: "where", summary: "Where a pack lies, or all packs of a site or an entry", gives: { 200: { description: "Packs, their pieces and hosts", schema: WhereRow } }, handle: async (call) => ok(await upkeep.where(call.param("id"))) },
    { method: "GET", path: "/api/people", name: "people", summary: "Who takes part, and how much each takes and may take", gives: { 200: { description: "The people", schema: object({ people: list(PersonRow) }) } }, handle: async () => ok({ people: await upkeep.people() }) },
    {
      method: "PUT",
      path: "/api/people/{id}/quota",
      name: "setQuota",
      summary: "Choose how much a person may take; null for what their invites grant",
      takes: QuotaChange,
      gives: acknowledged("It is chosen"),
      handle: async (call) => acknowledge(await upkeep.setQuota(idFromText<AccountId>(call.param("id")), call.body<QuotaChange>().quotaBytes)),
    },
  ];
}
