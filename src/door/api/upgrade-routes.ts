import type { UpgradeStep } from "../../drive/index.ts";
import { codeOf, messageOf } from "../../platform/index.ts";
import type { UpgradeRow as Row } from "../entry-rows.ts";
import { UpgradePlanRow, UpgradeRow, upgradeRow } from "../entry-rows.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { sendFeed, untilClosed } from "./feed-stream.ts";
import type { Call, Route } from "./route.ts";
import { ok } from "./route.ts";

/** Private content that is kept more redundantly as the network grows. */
export function upgradeRoutes(desk: Omit<EntryDesk, "uploads">): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/upgrade",
      name: "planUpgrade",
      summary: "What of the private content of this host's person survives fewer losses than would be chosen today",
      gives: { 200: { description: "What an upgrade would do", schema: UpgradePlanRow } },
      handle: async (call) => ok(await desk.entries.planUpgrade(untilClosed(call.outgoing))),
    },
    {
      method: "POST",
      path: "/api/upgrade",
      name: "upgrade",
      summary: "Store that content anew, for as long as one listens; what is done by then stays. Empty lines in between mean nothing",
      gives: { 200: { description: "How far it is, one object per line; the last one says whether all was done", schema: UpgradeRow, mediaTypes: ["application/x-ndjson"] } },
      handle: (call) => upgrade(desk, call),
    },
  ];
}

async function upgrade({ env, entries, stalls, traffic }: Omit<EntryDesk, "uploads">, call: Call): Promise<"sent"> {
  const steps = entries.upgrade(untilClosed(call.outgoing))[Symbol.asyncIterator]();
  // What goes wrong before the first step is still answered with a status.
  const first = await steps.next();
  if (first.done !== true) await sendFeed(env, call.outgoing, stalls, traffic, rowsFrom(first.value, steps));
  return "sent";
}

async function* rowsFrom(first: UpgradeStep, steps: AsyncIterator<UpgradeStep>): AsyncGenerator<Row> {
  let last = first;
  yield upgradeRow(last);
  try {
    for (let next = await steps.next(); next.done !== true; next = await steps.next()) yield upgradeRow((last = next.value));
  } catch (error) {
    yield upgradeRow(last, { code: codeOf(error) ?? "INTERNAL", message: messageOf(error) });
  } finally {
    await steps.return?.();
  }
}
