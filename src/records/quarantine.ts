import type { NamespaceId } from "../codec/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { Rows } from "./rows.ts";
import { quarantineKey, rowKey, table } from "./tables.ts";

/** Damaged rows that are kept for a person to look at; beyond, they are let go. */
const KEPT_MAX = 100;

/** Moves a row that is not what was stored out of the way. What it held comes back from other hosts; its bytes stay for a person to look at. */
export function setAside(rows: Pick<Rows, "scanLog">, namespace: NamespaceId, key: string, stored: Uint8Array): LogOperation[] {
  const { from, to } = table("x");
  const isFull = rows.scanLog(from, to, KEPT_MAX).length >= KEPT_MAX;
  const gone: LogOperation = { kind: "delete", key: rowKey(namespace, key) };
  return isFull ? [gone] : [gone, { kind: "put", key: quarantineKey(namespace, key), value: stored }];
}
