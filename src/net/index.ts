// net: authenticated messages and bulk streams between hosts, over libp2p. Strangers are refused at the handshake, an invite's peer may
// make one kind of request. In: requests and frames for a host id. Out: answers, frames, and who is connected.
export { MAX_BULK_FRAME, MAX_MESSAGE, REDEEM } from "./port.ts";
export type { Admission, BulkHandler, BulkStream, PeerEvent, RequestHandler, RequestOptions, Standing, Transport } from "./port.ts";
