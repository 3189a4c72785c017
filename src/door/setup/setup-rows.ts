import type { ValueOf } from "../schema.ts";
import { SponsorRow } from "../applicant-rows.ts";
import { body, bytes, id, list, millis, object, orNull, text } from "../schema.ts";

// The shapes in which a host is set up from a web browser, before there is one.

export const SetupFacts = object({ folder: { type: "string", description: "where the host's data would go" }, freeBytes: { ...bytes, description: "of the disk it lies on" }, host: { type: "string", description: "a name that the host might have; empty when nothing suggests one" } }, { $id: "SetupFacts" });
export type SetupFacts = ValueOf<typeof SetupFacts>;

const name = { type: "string", minLength: 1, maxLength: 64 } as const;
const place = { host: name, folder: { type: "string", minLength: 1, maxLength: 1000 }, capacityBytes: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER } } as const;

export const SetupCreate = body({ network: name, ...place }, { $id: "SetupCreate" });
export type SetupCreate = ValueOf<typeof SetupCreate>;

const code = { type: "string", minLength: 1, maxLength: 4000 } as const;
export const SetupJoin = body({ code, ...place }, { $id: "SetupJoin" });
export type SetupJoin = ValueOf<typeof SetupJoin>;

export const SetupCode = body({ code }, { $id: "SetupCode" });

export const SetupInvite = object({ networkName: text, expiresMs: millis, checkWords: text }, { $id: "SetupInvite", description: "What an invite's code says." });
export type SetupInvite = ValueOf<typeof SetupInvite>;

export const SetupDone = object({ networkName: text, phrase: orNull({ type: "string", description: "24 words; null when the person had an account before" }) }, { $id: "SetupDone" });
export type SetupDone = ValueOf<typeof SetupDone>;

export const SetupAsk = body({ host: name }, { $id: "SetupAsk" });
export type SetupAsk = ValueOf<typeof SetupAsk>;

export const AskedSponsor = object(
  {
    id,
    host: text,
    network: text,
    name: { type: "string", description: "that the host on this machine is to have" },
    state: { enum: ["asking", "waiting", "admitted", "refused", "expired", "busy", "lost"] },
    digits: orNull({ type: "string", description: "six digits to be typed at that host, which takes them when no machine stands between" }),
    code: orNull({ type: "string", description: "the invite's, once a person there has let this machine in" }),
  },
  { $id: "AskedSponsor", description: "The host that was asked last." },
);
export type AskedSponsor = ValueOf<typeof AskedSponsor>;

export const SetupNearby = object(
  { addresses: { ...list(text), description: "at which a host that does not find this machine by itself is told to visit it; empty where none can" }, sponsors: list(SponsorRow), asked: orNull(AskedSponsor) },
  { $id: "SetupNearby" },
);
export type SetupNearby = ValueOf<typeof SetupNearby>;
