import { Type } from "typebox";
import type { Static } from "typebox";

// The shapes in which the doors speak of the network: the API's answers, and what `--json` prints. Each is a JSON Schema and, from it, a type.

/** An id in base32. */
const Id = Type.String({ description: "an id in base32" });
const Millis = Type.Integer({ minimum: 0, description: "milliseconds since 1970, UTC" });
const Bytes = Type.Integer({ minimum: 0, description: "bytes" });
const orNull = <T extends Parameters<typeof Type.Array>[0]>(type: T) => Type.Union([type, Type.Null()]);

export const HostRow = Type.Object(
  {
    id: Id,
    name: Type.String(),
    zone: Type.String({ description: "hosts of one zone fail together" }),
    presence: Type.Union([Type.Literal("online"), Type.Literal("away"), Type.Literal("gone")]),
    capacityBytes: Bytes,
    usedBytes: Type.Optional(Bytes),
    address: orNull(Type.String({ description: "where other hosts reach it, as a multiaddr" })),
    pid: Type.Optional(Type.Integer({ description: "its process on its own machine" })),
    httpPort: Type.Optional(Type.Integer({ description: "where its own machine's browsers find its sites" })),
    version: Type.String(),
    lastSeenMs: orNull(Millis),
    isSelf: Type.Boolean({ description: "this is the host that answers" }),
  },
  { $id: "HostRow", description: "One host of the network, as the answering host sees it." },
);
export type HostRow = Static<typeof HostRow>;

export const Status = Type.Object(
  {
    network: Type.Object({ id: Id, name: Type.String() }),
    host: Type.Object({ id: Id, name: Type.String(), zone: Type.String() }),
    version: Type.String(),
    pid: Type.Integer(),
    startedMs: Millis,
    httpPort: Type.Integer(),
    peerAddresses: Type.Array(Type.String(), { description: "where other hosts reach this one, as multiaddrs" }),
    capacityBytes: Bytes,
    usedBytes: Bytes,
    hosts: Type.Object({ total: Type.Integer(), online: Type.Integer({ description: "the answering host included" }) }),
    sites: Type.Integer(),
    survives: orNull(Type.Integer({ description: "how many hosts, whichever, may vanish before something is lost; null when nothing is published" })),
    health: Type.String({ description: "one sentence for people" }),
    nextStep: orNull(Type.String({ description: "the one thing to do next, for people" })),
  },
  { $id: "Status", description: "The state of the network, as the answering host sees it." },
);
export type Status = Static<typeof Status>;

export const HeadRow = Type.Object(
  { sequence: Type.Integer({ minimum: 0 }), root: Type.String({ description: "content id of the whole tree (CIDv1, UnixFS)" }), files: Type.Integer(), sizeBytes: Bytes, publishedMs: Millis },
  { $id: "HeadRow", description: "One published state of a site." },
);
export type HeadRow = Static<typeof HeadRow>;

export const SiteRow = Type.Object(
  {
    name: Type.String(),
    address: Type.String({ description: "where this host serves it" }),
    namespace: Id,
    owner: Id,
    standing: Type.Union([Type.Literal("final"), Type.Literal("provisional")]),
    head: orNull(HeadRow),
    survives: orNull(Type.Integer({ description: "how many hosts, whichever, may vanish before a byte of it is lost" })),
    holders: Type.Array(Type.String(), { description: "names of the hosts that hold a part or all of it" }),
  },
  { $id: "SiteRow", description: "A site." },
);
export type SiteRow = Static<typeof SiteRow>;

export const PublishRow = Type.Object(
  { site: SiteRow, head: HeadRow, survives: Type.Integer(), safe: Type.Boolean({ description: "false: on fewer hosts than it should be for now" }) },
  { $id: "PublishRow", description: "What became of a publication or a rollback." },
);
export type PublishRow = Static<typeof PublishRow>;

export const FileRow = Type.Object(
  { site: Type.String(), path: Type.String(), id: Type.String({ description: "content id (CIDv1, UnixFS)" }), sizeBytes: Bytes, type: Type.String({ description: "media type" }) },
  { $id: "FileRow", description: "One file of a site." },
);
export type FileRow = Static<typeof FileRow>;

export const FileFault = Type.Object({ site: Type.String(), code: Type.String(), message: Type.String() }, { $id: "FileFault", description: "A site whose list of files is out of reach." });
export type FileFault = Static<typeof FileFault>;

export const WorkerRow = Type.Object(
  {
    name: Type.String(),
    state: Type.Union([Type.Literal("idle"), Type.Literal("working"), Type.Literal("stopped")]),
    progress: Type.String(),
    lastError: orNull(Type.String()),
    runs: Type.Integer(),
    lastRunMs: orNull(Millis),
  },
  { $id: "WorkerRow", description: "A piece of background work." },
);
export type WorkerRow = Static<typeof WorkerRow>;

const WEEK_MS = 7 * 24 * 3_600_000;
export const InviteGrants = Type.Object(
  {
    zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    role: Type.Optional(Type.Union([Type.Literal("member"), Type.Literal("administrator")])),
    quotaBytes: Type.Optional(Bytes),
    expiresInMs: Type.Optional(Type.Integer({ minimum: 1000, maximum: 52 * WEEK_MS, description: "default: what the network says" })),
  },
  { $id: "InviteGrants", additionalProperties: false, description: "What an invite grants to whoever redeems it." },
);
export type InviteGrants = Static<typeof InviteGrants>;

export const InviteRow = Type.Object(
  {
    id: Id,
    state: Type.Union([Type.Literal("open"), Type.Literal("used"), Type.Literal("expired")]),
    zone: orNull(Type.String()),
    role: Type.Union([Type.Literal("member"), Type.Literal("administrator")]),
    quotaBytes: orNull(Bytes),
    expiresMs: Millis,
    usedBy: orNull(Type.String({ description: "name of the host that redeemed it" })),
  },
  { $id: "InviteRow", description: "An invite, without its secret." },
);
export type InviteRow = Static<typeof InviteRow>;

export const CreatedInvite = Type.Object(
  { invite: InviteRow, code: Type.String({ description: "the secret; shown once" }), words: Type.Array(Type.String(), { description: "three words to compare by voice" }) },
  { $id: "CreatedInvite", description: "A new invite and its code." },
);
export type CreatedInvite = Static<typeof CreatedInvite>;

export const PeerAddresses = Type.Object(
  { host: Type.String({ minLength: 52, maxLength: 52, description: "the host's id" }), name: Type.Optional(Type.String({ maxLength: 200 })), addresses: Type.Array(Type.String({ maxLength: 300 }), { maxItems: 32, description: "multiaddrs" }) },
  { $id: "PeerAddresses", additionalProperties: false, description: "Where a host was or may be reached." },
);
export type PeerAddresses = Static<typeof PeerAddresses>;

export const Acknowledged = Type.Object({ safe: Type.Boolean({ description: "false: on fewer hosts than it should be for now" }) }, { $id: "Acknowledged" });
export type Acknowledged = Static<typeof Acknowledged>;

export const ErrorBody = Type.Object({ code: Type.String({ description: "stable; docs/ERRORS.md explains each" }), message: Type.String({ description: "what happened, to what, and what to do" }) }, { $id: "ErrorBody" });
export type ErrorBody = Static<typeof ErrorBody>;
