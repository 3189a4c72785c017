import type { ValueOf } from "./schema.ts";
import { body, id, millis, object, text } from "./schema.ts";

// The shapes in which machines of the local network ask to be let in.

export const ApplicantRow = object(
  {
    id,
    host: { type: "string", description: "the name that the new host is to have" },
    address: { type: "string", description: "from which it asks" },
    askedMs: millis,
    expiresMs: millis,
  },
  { $id: "ApplicantRow", description: "A machine on which a host is being set up, and which asks to be let in. Its digits are told by its own screen alone." },
);
export type ApplicantRow = ValueOf<typeof ApplicantRow>;

export const Admission = body({ digits: { type: "string", pattern: "^[0-9]{6}$", description: "as the machine's own screen shows them" } }, { $id: "Admission" });
export type Admission = ValueOf<typeof Admission>;

export const ApplicantAddress = body({ address: { type: "string", minLength: 1, maxLength: 255 } }, { $id: "ApplicantAddress" });
export type ApplicantAddress = ValueOf<typeof ApplicantAddress>;

export const SponsorRow = object({ id, host: text, network: text }, { $id: "SponsorRow", description: "A host of the local network that may let this machine in." });
export type SponsorRow = ValueOf<typeof SponsorRow>;
