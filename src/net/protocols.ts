/** One per connection: requests in both directions. See control-frames.ts. */
export const CONTROL_PROTOCOL = "/holdfast/control/1";
/** One per connection between a machine on which a host is being set up and a host nearby. See local-call.ts. */
export const APPLY_PROTOCOL = "/holdfast/apply/1";
/** One per connection, without content: the connection is for bulk. */
export const BULK_LINE_PROTOCOL = "/holdfast/bulk-line/1";
/** One per bulk stream. See bulk-frames.ts. */
export const BULK_PROTOCOL = "/holdfast/bulk/1";
