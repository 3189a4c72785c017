import type { ValueOf } from "./schema.ts";
import { body, bytes, id, integer, list, millis, object, orNull, text } from "./schema.ts";

// The shapes in which the doors speak of the network: the API's answers, and what `--json` prints. Each is a JSON Schema and, from it, a type.

export const HostRow = object(
  {
    id,
    name: text,
    zone: { type: "string", description: "hosts of one zone fail together" },
    presence: { enum: ["online", "away", "gone"] },
    capacityBytes: bytes,
    usedBytes: bytes,
    address: orNull({ type: "string", description: "where other hosts reach it, as a multiaddr" }),
    pid: { type: "integer", description: "its process on its own machine" },
    httpPort: { type: "integer", description: "where its own machine's browsers find its sites" },
    version: text,
    lastSeenMs: orNull(millis),
    roundTripMs: { type: "integer", description: "the way there and back, in milliseconds; when it is known" },
    isDraining: { type: "boolean", description: "it is being emptied, so that it may leave" },
    isSuspect: { type: "boolean", description: "auditors say that it does not hold what it claims" },
    isSelf: { type: "boolean", description: "this is the host that answers" },
  },
  { $id: "HostRow", description: "One host of the network, as the answering host sees it.", optional: ["usedBytes", "pid", "httpPort", "roundTripMs"] },
);
export type HostRow = ValueOf<typeof HostRow>;

/** Of everything, in the status as in the pool, and of a site. */
export const survivesNow = orNull({ type: "integer", description: "how many more hosts may go before something cannot be read, while those that are away stay away; below 0: something cannot be read now" });
export const isCounting = { type: "boolean", description: "all packs are counted for the first time since this host started: what they survive is not known yet" } as const;

export const Status = object(
  {
    network: object({ id, name: text }),
    host: object({ id, name: text, zone: text }),
    version: text,
    pid: integer,
    startedMs: millis,
    httpPort: integer,
    peerAddresses: { ...list(text), description: "where other hosts reach this one, as multiaddrs" },
    lan: orNull(object({ host: { ...orNull(text), description: "where its local network finds this machine, as it stands in a link; null when it has no address there" } }, { description: "null where sites are not shown there" })),
    capacityBytes: bytes,
    usedBytes: bytes,
    hosts: object({ total: integer, online: { type: "integer", description: "the answering host included" } }),
    coordinator: { ...orNull(object({ host: id, name: text, term: integer })), description: "who schedules repair and appoints voters, and in which term; null when there is none" },
    whyNoCoordinator: { anyOf: [text, { type: "null" }], description: "why there is none, for people" },
    sites: integer,
    isCounting,
    survives: { anyOf: [integer, { type: "null" }], description: "how many hosts, whichever, may vanish before something is lost, as GET /api/pool says; null when nothing is kept, or not all is counted yet" },
    survivesNow,
    health: { type: "string", description: "one sentence for people" },
    nextStep: { anyOf: [text, { type: "null" }], description: "the one thing to do next, for people" },
  },
  { $id: "Status", description: "The state of the network, as the answering host sees it." },
);
export type Status = ValueOf<typeof Status>;

export const HeadRow = object(
  { sequence: integer, root: { type: "string", description: "content id of the whole tree (CIDv1, UnixFS)" }, files: integer, sizeBytes: bytes, publishedMs: millis },
  { $id: "HeadRow", description: "One published state of a site." },
);
export type HeadRow = ValueOf<typeof HeadRow>;

export const SiteRow = object(
  {
    name: text,
    address: { type: "string", description: "where this host serves it" },
    lanAddress: orNull({ type: "string", description: "where it is found on the local network; null where sites are not shown there" }),
    namespace: id,
    owner: id,
    standing: { enum: ["final", "provisional"] },
    head: orNull(HeadRow),
    survives: { anyOf: [integer, { type: "null" }], description: "how many hosts, whichever, may vanish before a byte of it is lost; below 0: of some of it too few pieces are in sight" },
    survivesNow,
    holders: { ...list(text), description: "names of the hosts that hold a part or all of it" },
    away: { ...list(text), description: "names of those of them that are away" },
  },
  { $id: "SiteRow", description: "A site." },
);
export type SiteRow = ValueOf<typeof SiteRow>;

const safe = { type: "boolean", description: "false: on fewer hosts than it should be for now" } as const;

export const PublishRow = object({ site: SiteRow, head: HeadRow, address: { type: "string", description: "where this host serves this very version" }, survives: integer, safe }, { $id: "PublishRow", description: "What became of a publication or a rollback." });
export type PublishRow = ValueOf<typeof PublishRow>;

export const FileRow = object(
  { site: text, path: text, id: { type: "string", description: "content id (CIDv1, UnixFS)" }, sizeBytes: bytes, type: { type: "string", description: "media type" } },
  { $id: "FileRow", description: "One file of a site." },
);
export type FileRow = ValueOf<typeof FileRow>;

export const FileFault = object({ site: text, code: text, message: text }, { $id: "FileFault", description: "A site whose list of files is out of reach." });
export type FileFault = ValueOf<typeof FileFault>;

const count = { type: "integer", minimum: 0 } as const;

export const LayoutRow = object(
  {
    id,
    name: text,
    weight: { type: "integer", minimum: 1, description: "by capacity, in powers of two of GiB" },
    shards: { ...count, description: "it should keep so many" },
    fairShards: { type: "number", description: "its weight alone would give it so many" },
    ready: { ...count, description: "of those it should keep, its copy of so many is complete" },
    gaining: { ...count, description: "of those it should keep, its copy of so many is not complete yet" },
    givingUp: { ...count, description: "it keeps so many beyond those, until others are ready for them" },
    records: orNull({ ...count, description: "that it has, in shards and of what is on all hosts; null while it does not answer" }),
    bytes: orNull({ ...count, description: "of those records" }),
    leftRecords: orNull({ ...count, description: "about so many are still on their way to it" }),
    leftBytes: orNull({ ...count, description: "of those records" }),
  },
  { $id: "LayoutRow", description: "What a host has of the shards." },
);
export type LayoutRow = ValueOf<typeof LayoutRow>;

export const Layout = object(
  {
    replicas: { ...count, description: "so many hosts should keep each shard" },
    moving: { ...count, description: "shards that some host has yet to gain or to give up" },
    left: object({ records: count, bytes: count, unknown: { ...count, description: "copies of which nobody who answers knows how much is left" } }, { description: "what is still to be moved: about so many records and bytes" }),
    evenness: object({ least: { type: "number" }, most: { type: "number" } }, { description: "the smallest and the largest of shards : fairShards" }),
    hosts: list(LayoutRow),
    shards: list(object({ shard: count, targets: list(id), ready: list(id) }, { description: "who should keep it, best first, and whose copies are complete" })),
  },
  { $id: "Layout", description: "Who holds what, what is moving, and how even it is." },
);
export type Layout = ValueOf<typeof Layout>;

export const WorkerRow = object(
  { name: text, state: { enum: ["idle", "working", "stopped"] }, progress: text, lastError: orNull(text), runs: integer, lastRunMs: orNull(millis) },
  { $id: "WorkerRow", description: "A piece of background work." },
);
export type WorkerRow = ValueOf<typeof WorkerRow>;

const Role = { enum: ["member", "administrator"] } as const;
const YEAR_MS = 31_622_400_000;

export const InviteGrants = body(
  {
    zone: { type: "string", minLength: 1, maxLength: 64 },
    role: Role,
    quotaBytes: bytes,
    expiresInMs: { type: "integer", minimum: 1000, maximum: YEAR_MS, description: "default: a week" },
  },
  { $id: "InviteGrants", optional: ["zone", "role", "quotaBytes", "expiresInMs"] },
);
export type InviteGrants = ValueOf<typeof InviteGrants>;

export const InviteRow = object(
  {
    id,
    state: { enum: ["open", "used", "expired"] },
    zone: orNull(text),
    role: Role,
    quotaBytes: orNull(bytes),
    expiresMs: millis,
    usedBy: { anyOf: [text, { type: "null" }], description: "name of the host that redeemed it" },
  },
  { $id: "InviteRow", description: "An invite, without its secret." },
);
export type InviteRow = ValueOf<typeof InviteRow>;

export const CreatedInvite = object(
  { invite: InviteRow, code: { type: "string", description: "the secret; shown once" }, words: { ...list(text), description: "three words to compare by voice" } },
  { $id: "CreatedInvite", description: "A new invite and its code." },
);
export type CreatedInvite = ValueOf<typeof CreatedInvite>;

export const PeerAddresses = body(
  {
    host: { type: "string", minLength: 52, maxLength: 52, description: "the host's id" },
    name: { type: "string", maxLength: 200 },
    addresses: { type: "array", items: { type: "string", maxLength: 300 }, maxItems: 32, description: "multiaddrs" },
  },
  { $id: "PeerAddresses", optional: ["name"] },
);
export type PeerAddresses = ValueOf<typeof PeerAddresses>;

export const NetworkSettings = object(
  {
    goneAfterMs: { type: "integer", description: "how long a host must have been away to be declared gone" },
    horizonMs: { type: "integer", description: "how long deletions are remembered at least" },
    repairAfterMs: { type: "integer", description: "how long a host must have been away for what one more loss would destroy to be repaired" },
    condemnedForMs: { type: "integer", description: "how long content stays after nothing was found to use it" },
  },
  { $id: "NetworkSettings", description: "What administrators have chosen for the whole network." },
);
export type NetworkSettings = ValueOf<typeof NetworkSettings>;

const settingMs = { type: "integer", minimum: 1000, maximum: 3_153_600_000_000 } as const;

export const SettingChanges = body(
  { goneAfterMs: settingMs, horizonMs: settingMs, repairAfterMs: settingMs, condemnedForMs: settingMs },
  { $id: "SettingChanges", optional: ["goneAfterMs", "horizonMs", "repairAfterMs", "condemnedForMs"] },
);
export type SettingChanges = ValueOf<typeof SettingChanges>;

export const Acknowledged = object({ safe }, { $id: "Acknowledged" });
export type Acknowledged = ValueOf<typeof Acknowledged>;

export const ErrorBody = object({ code: { type: "string", description: "stable; docs/ERRORS.md explains each" }, message: { type: "string", description: "what happened, to what, and what to do" } }, { $id: "ErrorBody" });
export type ErrorBody = ValueOf<typeof ErrorBody>;
