import type { Rule } from "../cluster/index.ts";
import { ACCEPT, refuse } from "../cluster/index.ts";

/** An account's own namespace: its owner writes, nobody else. */
export const accountRule: Rule = (record, genesis) => (genesis.owner !== null && record.author === genesis.owner ? ACCEPT : refuse("NOT_OWNER", "only the account itself writes here"));
