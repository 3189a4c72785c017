import { join } from "node:path";

/** What stands in a data directory and belongs to this room. All names are ours: nothing that a peer says becomes a path unchecked. */
export const folders = {
  /** `ab/<pack>.<index>`: pieces that are held. */
  pieces: (directory: string): string => join(directory, "pieces"),
  /** Pieces that are being received; emptied at every start. */
  incoming: (directory: string): string => join(directory, "incoming"),
  /** Pieces that were found damaged: what is right of them is read until they are here whole again, and a person may look at them. */
  quarantine: (directory: string): string => join(directory, "quarantine"),
  /** `ab/<pack>.<segment>`: what was fetched from others; may be deleted at any time. */
  cache: (directory: string): string => join(directory, "cache"),
};

/** The first two letters: 1,024 folders, so that none grows long. */
export function shardOf(name: string): string {
  return name.slice(0, 2);
}

export function isShard(name: string): boolean {
  return /^[a-z2-7]{2}$/.test(name);
}
