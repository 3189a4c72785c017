import type { Connection } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { raceAbort, withDeadline } from "../platform/index.ts";
import { Channel } from "./channel.ts";
import { INCARNATION_BYTES } from "./control-frames.ts";
import type { DialTarget } from "./dialer.ts";
import { dialFailure } from "./dialer.ts";
import { endConnection } from "./end-connection.ts";
import { NetError } from "./errors.ts";
import { LIVENESS } from "./keepalive.ts";
import type { Node } from "./libp2p-node.ts";
import { makeNode, startNode } from "./libp2p-node.ts";
import { hostIdOf } from "./peer-id.ts";
import type { AskAsInvite, InviteAnswer, InviteRequest } from "./port.ts";
import { REDEEM } from "./port.ts";
import { CONTROL_PROTOCOL } from "./protocols.ts";
import { StreamWire } from "./stream-wire.ts";

/**
 * Makes the one request that an invite allows: connects with the invite's key to whichever of the hosts answers first, asks, and
 * leaves no connection behind.
 * @throws NetError UNREACHABLE when none answers, REMOTE with the code of the refusal; PlatformError DEADLINE
 */
export const askAsInvite: AskAsInvite = async (env, request) => {
  const node = await makeNode(env, { seed: request.seed, listen: [], gater: {} });
  await startNode(node);
  try {
    return await withDeadline(env, request.timeoutMs, "Redeeming the invite", request.signal, (signal) => ask(env, node, request, signal));
  } finally {
    await node.libp2p.stop();
  }
};

async function ask(env: Env, node: Node, request: InviteRequest, signal: AbortSignal): Promise<InviteAnswer> {
  const channel = await firstToGreet(env, node, targetsOf(request), signal);
  try {
    return { from: channel.peer, body: await channel.ask(REDEEM, request.body, signal) };
  } finally {
    channel.abort(new NetError("CLOSED", "The invite has been asked for."));
  }
}

/** The first address of each host, then the second of each, and so on: hosts fail as a whole more often than single addresses. */
function targetsOf({ entrances }: InviteRequest): DialTarget[] {
  const ranks = Math.max(0, ...entrances.map(({ addresses }) => addresses.length));
  const ranked = Array.from({ length: ranks }, (_, rank) => entrances.flatMap(({ host, addresses }) => addresses.slice(rank, rank + 1).map((address) => ({ peer: host, address }))));
  return ranked.flat();
}

async function firstToGreet(env: Env, node: Node, targets: readonly DialTarget[], signal: AbortSignal): Promise<Channel> {
  try {
    return await node.dialer.first(targets, signal, (connection, limited) => greet(env, connection, limited));
  } catch (error) {
    signal.throwIfAborted();
    throw new NetError("UNREACHABLE", `None of the hosts named in the invite let it in: ${dialFailure(error)}. Is one of them running and reachable from here? A used or withdrawn invite is not let in either; then ask for a new one.`, { cause: error });
  }
}

async function greet(env: Env, connection: Connection, signal: AbortSignal): Promise<Channel> {
  const peer: HostId | undefined = hostIdOf(connection.remotePeer);
  if (peer === undefined) throw new NetError("STRANGER", "The host that answered has no key of the right kind.");
  const stream = await connection.newStream([CONTROL_PROTOCOL], { signal });
  const channel = new Channel(env, {
    peer,
    opened: true,
    incarnation: env.random.bytes(INCARNATION_BYTES),
    liveness: LIVENESS,
    dispatch: () => Promise.reject(new NetError("STRANGER", "An invite answers nothing.")),
    onWantBulk: () => {},
    onClosed: (_channel, cause) => endConnection(connection, cause ?? new NetError("CLOSED", "The invite's connection was ended.")),
  }, (events) => new StreamWire(env, stream, events));
  await raceAbort(channel.greeted, signal);
  return channel;
}
