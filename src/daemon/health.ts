import type { HostId } from "../codec/index.ts";
import type { HostRow } from "../door/index.ts";
import { counted, listed, whileAwayWords } from "../door/index.ts";

/** "new": it has joined and heard of nobody yet. "revoked": it takes part, and may no longer act for its person. */
export type OwnStanding = "member" | "new" | "removed" | "revoked";

/** What is said of the content alone is made of these. */
export interface CopiesFacts {
  readonly hosts: readonly Pick<HostRow, "name" | "presence">[];
  /** Of all content, sites and what is private, as the pool says; null when nothing is kept. */
  readonly survives: number | null;
  /** As long as those that are away stay away; below 0: something cannot be read before they are back. */
  readonly survivesNow: number | null;
  /** Packs of which too few pieces are in sight. */
  readonly unreadablePacks: number;
  /** So many packs are counted, and the others not yet: until then nobody knows what all survive. Left out: all are. */
  readonly countedPacks?: number;
  readonly isAlone: boolean;
}

/** What one sentence about the network's state is made of. */
export interface HealthFacts extends CopiesFacts {
  readonly standing: OwnStanding;
  /** Left out or true: a majority of the voters is in reach. */
  readonly mayCoordinate?: boolean;
  /** It was removed before it was known to be lost, and still counts as a voter. */
  readonly removedVoter?: HostId | undefined;
  /** The names under which machines nearby ask to be let in. Left out: none does. */
  readonly asking?: readonly string[];
}

/** The state of the network in one sentence. */
export function healthOf(facts: HealthFacts): string {
  switch (facts.standing) {
    case "new":
      return "This host has joined and not heard from the network yet.";
    case "removed":
      return "This host is no longer a member of the network.";
    case "revoked":
      return `This host may no longer act for its person. ${networkHealth(facts)}`;
    case "member":
      return networkHealth(facts);
  }
}

function networkHealth(facts: HealthFacts): string {
  return facts.mayCoordinate === false && (facts.hosts.length > 2 || facts.removedVoter !== undefined) ? `${copiesHealth(facts)} Until a majority of the voters is in reach nobody plans repair.` : copiesHealth(facts);
}

/** What everything survives from now on: a copy on a host that is away helps nobody before it is back. */
export function copiesHealth({ hosts, survives, survivesNow, unreadablePacks, countedPacks, isAlone }: CopiesFacts): string {
  const namesOf = (which: HostRow["presence"]): readonly string[] => hosts.filter(({ presence }) => presence === which).map(({ name }) => name);
  const named = (which: HostRow["presence"]): string => {
    const names = namesOf(which);
    return names.length === 0 ? "" : ` ${listed(names)} ${names.length === 1 ? "is" : "are"} ${which}.`;
  };
  const [away, gone] = [named("away"), named("gone")];
  const missing = away + gone;
  if (unreadablePacks > 0) return `Of ${counted(unreadablePacks, "pack")} too few pieces are in sight.${missing}`;
  if (countedPacks !== undefined) return `What everything survives is being counted: ${counted(countedPacks, "pack")} so far.${missing}`;
  if (survives === null) return isAlone ? "This host is alone, and nothing is kept yet." : `${hosts.length} hosts; nothing is kept yet.${missing}`;
  if (isAlone) return "Everything is on this host alone: a copy elsewhere is needed to survive its loss.";
  if (survives === 0) return `Something is lost with the next host that is.${missing}`;
  if (away === "") return `Everything survives the loss of any ${counted(survives, "host")}.${gone}`;
  const now = survivesNow ?? survives;
  return `${now > 0 ? "Everything" : "Something"} ${whileAwayWords(now, namesOf("away"))}.${gone}`;
}

/** The one thing to do next, or null when there is nothing to do. */
export function nextStepOf({ standing, hosts, survives, survivesNow, countedPacks, isAlone, removedVoter, mayCoordinate = true, asking = [] }: HealthFacts): string | null {
  if (standing === "new") return 'Start a host that is in the network already, or say where one is: "holdfast up --peers FILE".';
  if (standing === "removed") return 'To come back, ask for an invite and join with an empty data folder: "holdfast join CODE".';
  if (standing === "revoked") return 'Stop it and give it a person who takes part: "holdfast key import". The one who revoked it cannot act through it again.';
  if (!mayCoordinate && removedVoter !== undefined) return `Have the others vote without a host that was removed while it was away, so that there is a majority again: "holdfast remove ${removedVoter} --lost".`;
  // Somebody sits there and waits.
  if (asking.length > 0) return `Answer ${listed(asking)}: ${asking.length === 1 ? "a machine near you asks" : "machines near you ask"} to join. "holdfast nearby list" says what to do.`;
  if (isAlone) return 'Invite another machine: "holdfast invite".';
  if (!mayCoordinate && hosts.length > 2) return 'Start the hosts that are away, or give up one that never comes back: "holdfast remove HOST --lost".';
  if (countedPacks !== undefined) return null;
  if (survives === null) return 'Publish a folder: "holdfast publish FOLDER --name NAME".';
  if (survives === 0) return hosts.some(({ presence }) => presence !== "online") ? "Start the hosts that are away." : "Wait until the copies are made, or invite another machine.";
  return (survivesNow ?? survives) > 0 ? null : "Start the hosts that are away.";
}
