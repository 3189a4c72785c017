import type { ValueOf } from "./schema.ts";
import { body, bytes, id, list, object, orNull, text } from "./schema.ts";

// The shapes in which the doors speak of hosts' space and of who may take how much of it.

export const DrainingChange = body({ isDraining: { type: "boolean", description: "false: it is to be filled again" } }, { $id: "DrainingChange" });
export type DrainingChange = ValueOf<typeof DrainingChange>;

const someBytes = { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "bytes" } as const;

export const CapacityChange = body({ capacityBytes: someBytes }, { $id: "CapacityChange" });
export type CapacityChange = ValueOf<typeof CapacityChange>;

export const Farewell = body({ isNow: { type: "boolean", description: "whatever lies only here is given up" } }, { $id: "Farewell" });
export type Farewell = ValueOf<typeof Farewell>;

export const CapacityRow = object({ capacityBytes: bytes, usedBytes: bytes }, { $id: "CapacityRow", description: "What this host offers, and what of it is used; it may be more." });
export type CapacityRow = ValueOf<typeof CapacityRow>;

export const MirrorChange = body({ site: orNull({ type: "string", minLength: 1, maxLength: 63, description: "null: all sites, also those to come" }), isMirrored: { type: "boolean" } }, { $id: "MirrorChange" });
export type MirrorChange = ValueOf<typeof MirrorChange>;

export const MirrorsRow = object(
  { isAll: { type: "boolean", description: "all sites, also those to come" }, sites: { ...list(text), description: "those kept whole here" }, releasing: { ...list(text), description: "no longer mirrored, and not deleted yet where it is in plenty" } },
  { $id: "MirrorsRow", description: "What this host keeps by its own choice." },
);
export type MirrorsRow = ValueOf<typeof MirrorsRow>;

export const PersonRow = object(
  {
    id,
    name: { type: "string", description: "that of the host by which they came" },
    hosts: { ...list(text), description: "names of their hosts" },
    isAdministrator: { type: "boolean" },
    usedBytes: orNull({ ...bytes, description: "what all pieces of their content take; null: not counted yet since the host started" }),
    quotaBytes: { ...bytes, description: "what they may take together" },
    quotaFrom: { enum: ["administrator", "invite", "share"], description: "who said so; share: nobody, it is as much as everybody's" },
  },
  { $id: "PersonRow", description: "A person of the network." },
);
export type PersonRow = ValueOf<typeof PersonRow>;

export const QuotaChange = body({ quotaBytes: orNull({ type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) }, { $id: "QuotaChange" });
export type QuotaChange = ValueOf<typeof QuotaChange>;
