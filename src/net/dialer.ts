import type { Connection } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";
import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter, messageOf, raceAbort, withDeadline } from "../platform/index.ts";
import { parseAddress } from "./address.ts";
import { endConnection } from "./end-connection.ts";
import { peerIdOf } from "./peer-id.ts";

/** The part of libp2p's transport manager that dials one address and nothing else. */
export interface DialsAddress {
  dial(address: Multiaddr, options: { readonly signal: AbortSignal }): Promise<Connection>;
}

export interface DialTarget {
  /** Who must prove to be there; undefined takes whoever answers. */
  readonly peer: HostId | undefined;
  readonly address: string;
}

const DIAL_MS = 5_000;
/** The next address is tried when the one before has not answered for so long (RFC 8305, section 5). */
const STAGGER_MS = 250;
const ADDRESSES_MAX = 16;
const DIALS_AT_ONCE = 32;

/**
 * Dials addresses side by side and keeps the first connection. libp2p's own queue tries them one after the other, each for
 * seconds, and joins dials to the same host, which would put control and bulk on one connection.
 */
export class Dialer {
  readonly #env: Env;
  readonly #transports: DialsAddress;
  readonly #atOnce = new Limiter(DIALS_AT_ONCE);

  constructor(env: Env, transports: DialsAddress) {
    this.#env = env;
    this.#transports = transports;
  }

  /**
   * Dials all addresses, each a little after the one before; `finish` makes of a connection what is wanted, and the first that
   * succeeds wins. All others are ended.
   * @throws AggregateError with one error per address; the signal's reason
   */
  async first<T>(targets: readonly DialTarget[], signal: AbortSignal, finish: (connection: Connection, signal: AbortSignal) => Promise<T>): Promise<T> {
    const losing = new AbortController();
    const both = AbortSignal.any([signal, losing.signal]);
    let won = false;
    const attempts = targets.slice(0, ADDRESSES_MAX).map(async (each, at) => {
      const target = targetOf(each);
      await this.#env.timers.sleep(at * STAGGER_MS, both);
      return this.#attempt(target, both, async (connection, limited) => {
        const finished = await finish(connection, limited);
        if (won) throw new Error("Another address answered first.");
        won = true;
        return finished;
      });
    });
    try {
      return await Promise.any(attempts);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      losing.abort(new Error("Another address answered first."));
    }
  }

  async #attempt<T>(target: Multiaddr, signal: AbortSignal, finish: (connection: Connection, signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#env, DIAL_MS, `Connecting to ${target.toString()}`, signal, async (limited) => {
      const connection = await this.#atOnce.run(() => this.#transports.dial(target, { signal: limited }), limited);
      try {
        // The connection may be there just after nobody waits for it any more.
        limited.throwIfAborted();
        return await raceAbort(finish(connection, limited), limited);
      } catch (error) {
        endConnection(connection, error as Error);
        throw error;
      }
    });
  }
}

function targetOf({ peer, address }: DialTarget): Multiaddr {
  const target = multiaddr(parseAddress(address));
  // With the key in the address, TLS itself refuses everybody else.
  return peer === undefined ? target : target.encapsulate(`/p2p/${peerIdOf(peer).toString()}`);
}

/** Why dialling failed, in one line for people. */
export function dialFailure(error: unknown): string {
  if (!(error instanceof AggregateError)) return messageOf(error);
  const reasons = new Set(error.errors.map((each) => messageOf(each).split("\n")[0]!.slice(0, 120)));
  return [...reasons].slice(0, 4).join("; ");
}
