import type { CommandFile } from "../context.ts";
import { create, follow, list, unfollow } from "../kv/namespaces.ts";
import { get, scan, watch } from "../kv/read.ts";
import { put, remove } from "../kv/write.ts";

const PARTS: readonly { readonly name: string; readonly summary: string; readonly file: CommandFile }[] = [
  { name: "put", summary: "write a value under a key", file: put },
  { name: "get", summary: "print a key's value, or each of its values where several were written side by side", file: get },
  { name: "delete", summary: "delete a key", file: remove },
  { name: "scan", summary: "list keys in their order with their values", file: scan },
  { name: "watch", summary: "list what the keys become, as it happens", file: watch },
  { name: "create", summary: "create a namespace with settings of its own, before the first put", file: create },
  { name: "list", summary: "list the namespaces that this host has heard of", file: list },
  { name: "follow", summary: "have this host keep a copy of a namespace", file: follow },
  { name: "unfollow", summary: "have this host keep no copy of it by its own choice", file: unfollow },
];

/** The namespace of keys and values that a name stands for needs no making: the first put begins it. */
export const kv: CommandFile = (command, go) => {
  for (const { name, summary, file } of PARTS) file(command.command(name).summary(summary).description(summary), go);
};
