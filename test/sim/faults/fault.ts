import type { History } from "../world/history.ts";
import type { SimHost } from "../world/host.ts";
import type { SeededRandom } from "../world/random.ts";
import type { World } from "../world/world.ts";

/** What faults are played on, and whom they tell. */
export interface Stage {
  readonly world: World;
  readonly random: SeededRandom;
  readonly history: History;
  /** A disk is not what it was: what clients were told by it does not bind it any more. */
  readonly onDiskLost: (host: SimHost) => void;
  /** A host has come to the network. */
  readonly onJoined: (host: SimHost) => void;
  /** Counts a fault that came true. */
  readonly fired: (name: string, by?: number) => void;
}

/** One kind of fault, of which a seed chooses some, each with an intensity of its own. */
export interface Fault {
  readonly name: string;
  /** Milliseconds between two of them, on average, at the usual intensity. */
  readonly everyMs: number;
  /** Plays it once. @returns false when there was nothing on which to play it now */
  readonly play: () => boolean;
  /** Puts right what it has done. */
  readonly heal: () => void;
}
