/** What a host does, by itself or by its person's word, and "hear": one side hears of what another one has. */
export type Deed = "invite" | "admit" | "remove" | "revoke" | "leave" | "spare" | "drain" | "vote" | "declare gone" | "attest" | "set" | "grant" | "publish a card" | "write anew" | "hear";

function times(counts: Partial<Record<Deed, number>>): readonly Deed[] {
  return Object.entries(counts).flatMap(([deed, count]) => Array.from({ length: count }, () => deed as Deed));
}

/** How often each is tried, in proportion, while all hear of all. */
export const CALM = times({ invite: 1, admit: 2, vote: 2, attest: 1, "declare gone": 1, "publish a card": 1 });

/** And while the sides are parted. Most removals are refused: few hosts are an administrator's, or of the other's person. */
export const PARTED = times({ invite: 2, admit: 3, remove: 4, revoke: 1, leave: 1, spare: 3, drain: 1, vote: 1, "declare gone": 1, attest: 1, set: 1, grant: 1, "publish a card": 1, "write anew": 1, hear: 4 });
