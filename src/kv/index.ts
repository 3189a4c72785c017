// kv: namespaces of keys and values that people name and use by hand, or a program by the API. What a name stands for, the rules of
// their records, and the ways to write a key that others may have written meanwhile. In: names, keys, values. Out: records.
export { createKv } from "./kv.ts";
export type { KvParts } from "./kv.ts";
export { kvNameRule, kvRule } from "./rules.ts";
export { defaultGenesis } from "./genesis.ts";
export { KvError } from "./errors.ts";
export type { KvErrorCode } from "./errors.ts";
export type { Kv, KvChange, KvInfo, KvPage, KvSettings, KvState, KvWrite, KvWritten } from "./port.ts";
