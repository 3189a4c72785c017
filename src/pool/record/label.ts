import type { Genesis } from "../../cluster/index.ts";
import { genesisCodec, namespaceIdOf } from "../../cluster/index.ts";
import type { NamespaceId, NetworkId, PackId } from "../../codec/index.ts";
import { byteString, codec, struct } from "../../codec/index.ts";
import { PoolError } from "../errors.ts";
import type { PackBody } from "./pack-record.ts";
import { MAX_PACK_RECORD_BYTES, decodeBody, decodePackRecord, isByOwner, packIdOf } from "./pack-record.ts";

/** What lies beside a piece in its file: enough to know whose it is and to publish the pack's record anew, with no other source. */
export interface Label {
  /** Of the pack's namespace, whose id is its hash. */
  readonly genesis: Genesis;
  /** The value of `pack/<id>`, byte for byte. */
  readonly record: Uint8Array;
}

export const MAX_LABEL_BYTES = MAX_PACK_RECORD_BYTES + 16 * 1024;

export const labelCodec = codec<Label>("A piece's label", 1, MAX_LABEL_BYTES, struct({ genesis: genesisCodec.shape, record: byteString(MAX_PACK_RECORD_BYTES) }));

/** A label whose every part has been checked against the others. */
export interface CheckedLabel extends Label {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly body: PackBody;
}

/**
 * Reads a label from a peer or from the disk.
 * @throws CodecError when it is malformed; PoolError REFUSED when it is of another network or its owner did not sign it
 */
export function readLabel(bytes: Uint8Array, network: NetworkId): CheckedLabel {
  const label = labelCodec.decode(bytes);
  const record = decodePackRecord(label.record);
  const namespace = namespaceIdOf(label.genesis);
  if (label.genesis.network !== network) throw new PoolError("REFUSED", "The pack belongs to another network.");
  if (!isByOwner(record, namespace, label.genesis)) throw new PoolError("REFUSED", "The pack's record is not signed by the owner of its namespace.");
  return { ...label, namespace, pack: packIdOf(record.body), body: decodeBody(record.body) };
}
