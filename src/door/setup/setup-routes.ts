import type { HostId } from "../../codec/index.ts";
import { idFromText } from "../../codec/index.ts";
import type { Route } from "../api/route.ts";
import { ok } from "../api/route.ts";
import { SetupAsk, SetupCode, SetupCreate, SetupDone, SetupFacts, SetupInvite, SetupJoin, SetupNearby } from "./setup-rows.ts";

/** Hosts of the local network that have come to this machine. */
export interface NearbyDesk {
  facts(): SetupNearby;
  /** Asks one of them to be let in, in place of one that was asked before. @throws ClusterError NO_SUCH_HOST, BAD_HOST_NAME */
  ask(id: HostId, host: string): void;
  withdraw(): void;
}

/** Whoever primes folders and starts hosts. */
export interface SetupDesk {
  readonly nearby: NearbyDesk;
  facts(): Promise<SetupFacts>;
  /** @throws ClusterError BAD_INVITE */
  invite(code: string): Promise<SetupInvite>;
  /** Founds a network, with this host as its first. @throws StoreError, ClusterError saying what to do */
  create(wanted: SetupCreate): Promise<SetupDone>;
  /** Joins a network with an invite. @throws as `create` does; NetError when no host of the network answers */
  join(wanted: SetupJoin): Promise<SetupDone>;
  /** Ends the set-up and starts the host that was made. Does not wait for it. */
  start(): void;
}

/** What the set-up's page may ask. */
export function setupRoutes(desk: SetupDesk): readonly Route[] {
  return [
    { method: "GET", path: "/api/setup", name: "setup", summary: "Where the host's data would go, and how much is free there", gives: { 200: { description: "The place", schema: SetupFacts } }, handle: async () => ok(await desk.facts()) },
    { method: "POST", path: "/api/setup/invite", name: "readInvite", summary: "What an invite's code says", takes: SetupCode, gives: { 200: { description: "The invite", schema: SetupInvite } }, handle: async (call) => ok(await desk.invite(call.body<{ code: string }>().code)) },
    { method: "POST", path: "/api/setup/create", name: "create", summary: "Found a network, with this host as its first", takes: SetupCreate, gives: { 201: { description: "It exists", schema: SetupDone } }, handle: async (call) => ({ status: 201, json: await desk.create(call.body<SetupCreate>()) }) },
    { method: "POST", path: "/api/setup/join", name: "join", summary: "Join a network with an invite", takes: SetupJoin, gives: { 201: { description: "It has joined", schema: SetupDone } }, handle: async (call) => ({ status: 201, json: await desk.join(call.body<SetupJoin>()) }) },
    {
      method: "POST",
      path: "/api/setup/start",
      name: "start",
      summary: "End the set-up and start the host, at the same port",
      gives: { 202: { description: "It starts" } },
      handle: () => {
        desk.start();
        return { status: 202, json: {} };
      },
    },
    ...nearbyRoutes(desk.nearby),
  ];
}

function nearbyRoutes(nearby: NearbyDesk): readonly Route[] {
  const facts = { 200: { description: "The hosts, and what became of the question", schema: SetupNearby } };
  return [
    { method: "GET", path: "/api/setup/nearby", name: "nearby", summary: "Hosts of the local network that may let this machine in", gives: facts, handle: () => ok(nearby.facts()) },
    {
      method: "POST",
      path: "/api/setup/nearby/{id}/ask",
      name: "askNearby",
      summary: "Ask one of them to be let in",
      takes: SetupAsk,
      gives: facts,
      handle: (call) => {
        nearby.ask(idFromText<HostId>(call.param("id")), call.body<SetupAsk>().host);
        return ok(nearby.facts());
      },
    },
    {
      method: "DELETE",
      path: "/api/setup/nearby/asked",
      name: "withdraw",
      summary: "Ask no longer",
      gives: facts,
      handle: () => {
        nearby.withdraw();
        return ok(nearby.facts());
      },
    },
  ];
}
