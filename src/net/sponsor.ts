import type { Connection } from "@libp2p/interface";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { raceAbort } from "../platform/index.ts";
import { hostAndPort } from "./address.ts";
import { dialFailure } from "./dialer.ts";
import type { DiscoveryListener } from "./discovery.ts";
import { APPLICANTS_NAME } from "./discovery.ts";
import { NetError } from "./errors.ts";
import type { Node } from "./libp2p-node.ts";
import { makeNode, startNode } from "./libp2p-node.ts";
import type { AnswerCall, LocalCall } from "./local-call.ts";
import { ChannelCall } from "./local-call.ts";
import { isLocalNetwork, localNetworkAddresses, withoutLoopback } from "./local-network.ts";
import { hostIdOf } from "./peer-id.ts";
import { APPLY_PROTOCOL } from "./protocols.ts";

const KEY_BYTES = 32;

export interface SponsorPlan {
  /** Told of machines that announce themselves on the local network; absent, none are looked for. */
  readonly onFound?: DiscoveryListener;
  readonly answer: AnswerCall;
}

/** The end at a host of a network. Nobody can connect to it. */
export interface Sponsor {
  /**
   * Goes to a machine on which a host is being set up.
   * @param peer the key that it must prove; undefined takes whoever answers
   * @param addresses multiaddrs, of which those of local networks are dialled
   * @throws NetError UNREACHABLE, BAD_ADDRESS when none is of a local network; the signal's reason
   */
  call(peer: HostId | undefined, addresses: readonly string[], signal: AbortSignal): Promise<LocalCall>;
  close(): Promise<void>;
}

/** Looks for machines on which a host is being set up, and goes to them, with a key that is new each time and tells nothing of this host. */
export async function openSponsor(env: Env, { onFound, answer }: SponsorPlan): Promise<Sponsor> {
  const seed = env.random.bytes(KEY_BYTES);
  const node = await makeNode(env, { seed, listen: [], gater: {}, ...(onFound === undefined ? {} : { discovery: { name: APPLICANTS_NAME, onlyLooks: true } }) });
  await startNode(node);
  if (onFound !== undefined) node.discovery?.onDiscovered((peer, addresses) => {
    const leading = withoutLoopback(addresses, localNetworkAddresses());
    if (leading.length > 0) onFound(peer, leading);
  });
  await node.discovery?.start();
  const self = idFromBytes<HostId>(keyPairFromSeed(seed).publicKey);
  return {
    call: (peer, addresses, signal) => call(env, node, { self, answer, peer, addresses }, signal),
    async close() {
      await node.discovery?.stop();
      await node.libp2p.stop();
    },
  };
}

interface CallPlan {
  readonly self: HostId;
  readonly answer: AnswerCall;
  readonly peer: HostId | undefined;
  readonly addresses: readonly string[];
}

async function call(env: Env, node: Node, { self, answer, peer, addresses }: CallPlan, signal: AbortSignal): Promise<LocalCall> {
  // What is announced on the local network is anybody's word: it leads nowhere else.
  const targets = addresses.filter((address) => isLocalNetwork(hostAndPort(address).host)).map((address) => ({ peer, address }));
  if (targets.length === 0) throw new NetError("BAD_ADDRESS", "The machine is to be on the local network: its address begins with 192.168., 10., 172.16. to 172.31., or 169.254. Type it as it is shown there.");
  const greet = async (connection: Connection, limited: AbortSignal): Promise<LocalCall> => {
    const other = hostIdOf(connection.remotePeer);
    if (other === undefined) throw new NetError("STRANGER", "The machine that answered has no key of the right kind.");
    const stream = await connection.newStream([APPLY_PROTOCOL], { signal: limited });
    const made = new ChannelCall(env, { self, peer: other, opened: true, connection, stream, answer });
    await raceAbort(made.greeted, limited);
    return made;
  };
  try {
    return await node.dialer.first(targets, signal, greet);
  } catch (error) {
    signal.throwIfAborted();
    throw new NetError("UNREACHABLE", `No machine on which a host is being set up answers there: ${dialFailure(error)}. Is it waiting there, and is the address the one that its screen shows?`, { cause: error });
  }
}
