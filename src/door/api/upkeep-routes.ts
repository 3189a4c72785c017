import type { AccountId, HostId } from "../../codec/index.ts";
import { idFromText } from "../../codec/index.ts";
import type { Upkeep } from "../port.ts";
import { Acknowledged } from "../rows.ts";
import { list, object } from "../schema.ts";
import { CapacityChange, CapacityRow, DrainingChange, PersonRow, QuotaChange } from "../upkeep-rows.ts";
import { acknowledge } from "./network-routes.ts";
import type { AnswerDoc, Route } from "./route.ts";
import { ok } from "./route.ts";

function acknowledged(done: string): Readonly<Record<number, AnswerDoc>> {
  return { 200: { description: done, schema: Acknowledged }, 202: { description: `${done}, but few hosts know yet`, schema: Acknowledged } };
}

/** Hosts' space and who may take how much of it. */
export function upkeepRoutes(upkeep: Upkeep): readonly Route[] {
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
      method: "PUT",
      path: "/api/capacity",
      name: "resizeHost",
      summary: "Offer more or less of this host's disk; nothing is deleted for it",
      takes: CapacityChange,
      gives: { 200: { description: "What it offers now", schema: CapacityRow } },
      handle: async (call) => ok(await upkeep.resize(call.body<CapacityChange>().capacityBytes)),
    },
    { method: "GET", path: "/api/people", name: "people", summary: "Who takes part, and how much each may take", gives: { 200: { description: "The people", schema: object({ people: list(PersonRow) }) } }, handle: () => ok({ people: upkeep.people() }) },
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
