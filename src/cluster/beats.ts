import type { HostId, NetworkId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, fixedBytes, id, list, struct, text, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";

/** What a host says of itself. */
export interface Beat {
  readonly freeBytes: number;
  readonly usedBytes: number;
  readonly addresses: readonly string[];
  /** Where its own web gateway listens on its own machine; 0 when it has none. */
  readonly httpPort: number;
  readonly processId: number;
}

/** A host's word, which others pass on and cannot change. */
export interface SignedBeat {
  readonly host: HostId;
  /** Grows with each word of the host, over its restarts too. */
  readonly number: number;
  readonly beat: Beat;
  readonly signature: Uint8Array;
}

/** Beats in one message. */
export const BEATS_MAX = 64;
/** The space that is free on a machine's disk never stands still; others hear of it when a hundredth of it has come or gone. */
const FREE_FRACTION = 0.01;

const beatShape = struct({ freeBytes: uint(), usedBytes: uint(), addresses: list(text(256), 16), httpPort: uint(65_535), processId: uint() });
const signedBytes = codec("A heartbeat", 1, 8192, struct({ network: id<NetworkId>(), host: id<HostId>(), number: uint(), beat: beatShape }));
export const beatsCodec = codec<SignedBeat[]>("Heartbeats", 1, 1024 * 1024, list(struct({ host: id<HostId>(), number: uint(), beat: beatShape, signature: fixedBytes(64) }), BEATS_MAX));

function bytesToSign(network: NetworkId, host: HostId, number: number, beat: Beat): Uint8Array {
  return concatBytes(utf8("holdfast beat"), signedBytes.encode({ network, host, number, beat: { ...beat, addresses: [...beat.addresses] } }));
}

export function signBeat(key: KeyPair, network: NetworkId, { host, number, beat }: Omit<SignedBeat, "signature">): SignedBeat {
  return { host, number, beat, signature: sign(key, bytesToSign(network, host, number, beat)) };
}

export function isGenuineBeat(network: NetworkId, { host, number, beat, signature }: SignedBeat): boolean {
  return verify(bytesOfId(host), bytesToSign(network, host, number, beat), signature);
}

/** Whether a host that has said `told` has something new to say. */
export function isWorthTelling(beat: Beat, told: Beat): boolean {
  const { freeBytes, ...rest } = beat;
  const { freeBytes: free, ...before } = told;
  return Math.abs(freeBytes - free) > free * FREE_FRACTION || JSON.stringify(rest) !== JSON.stringify(before);
}
