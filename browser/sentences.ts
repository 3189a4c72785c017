import type { DomainRow, EventRow, HostRow, InviteRow, SiteRow } from "../src/door/index.ts";
import { count, formatBytes, formatDuration } from "../src/cli/amounts.ts";
import { leavingWords, removalWords } from "../src/cli/parting.ts";
import { whileAwayWords } from "../src/door/survival-words.ts";
import { joinLink } from "./join-link.ts";
import type { Progress } from "./transfer.ts";

// Sentences of the Browser that depend on more than one thing. With the table in texts.ts they are all that it says.

export function ago(ms: number): string {
  return ms < 5_000 ? "just now" : `${formatDuration(ms)} ago`;
}

export function happened(event: EventRow): string {
  const host = event.host ?? "";
  switch (event.what) {
    case "joined":
      return `${host} joined the network.`;
    case "away":
      return `${host} went away.`;
    case "back":
      return `${host} is back.`;
    case "gone":
      return `${host} was away for so long that it counts as gone.`;
    case "removed":
      return `${host} was removed.`;
    case "emptying":
      return `${host} is being emptied.`;
    case "filling":
      return `${host} is being filled again.`;
    case "suspect":
      return `${host} could not show what it claims to hold: it is suspect.`;
    case "cleared":
      return `${host} shows again what it claims to hold.`;
    case "published":
      return `Version ${event.version} of ${event.site} was published.`;
    case "unpublished":
      return `${event.site} was taken down.`;
    case "coordinator":
      return event.host === null ? "Nobody plans repair: there is no coordinator." : `${host} is the coordinator now: it plans repair.`;
  }
}

export function survives(losses: number): string {
  if (losses < 0) return "cannot be read in full: of some of it too few pieces are in sight";
  return losses >= 1 ? `survives the loss of any ${count(losses, "host")}` : "lies on one host only: when that is lost, it is lost";
}

/** As Health says it of everything. */
export function siteSurvives({ survives: lost, survivesNow, away }: Pick<SiteRow, "survives" | "survivesNow" | "away">): string {
  if (lost === null || survivesNow === null) return "";
  return away.length === 0 || lost < 0 || (lost === 0 && survivesNow === 0) ? survives(lost) : whileAwayWords(survivesNow, away);
}

/** The same for a line of the list. */
export function siteSurvivesShort(site: Pick<SiteRow, "survives" | "survivesNow" | "away">): readonly string[] {
  if (site.survives === null) return [];
  if (site.away.length > 0 || site.survives < 0) return [siteSurvives(site)];
  return [site.survives === 0 ? "survives no loss" : `survives any ${site.survives} lost`];
}

export function onItsWay({ phase, files, bytes, totalFiles, totalBytes, bytesPerSecond }: Progress<unknown>): string {
  const far = `${files.toLocaleString("en")} of ${count(totalFiles, "file")}, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`;
  switch (phase) {
    case "waiting":
      return "Waiting for its turn.";
    case "comparing":
      return "Finding out what has changed …";
    case "sending": {
      const left = bytesPerSecond === undefined || bytesPerSecond === 0 ? "" : `, ${formatBytes(bytesPerSecond)} a second, ${formatDuration(((totalBytes - bytes) / bytesPerSecond) * 1000)} left`;
      return `${far}${left}`;
    }
    case "committing":
      return "Everything was sent. Placing copies …";
    case "paused":
      return `Stopped at ${far}. Nothing of it is seen yet; you can go on for ten minutes without sending it again.`;
    case "failed":
      return `It stopped at ${far}.`;
    case "done":
      return "Done.";
    case "cancelled":
      return "Cancelled.";
    case "unsure":
      return "Cancelled, though it may be there already.";
  }
}

export function hostFacts(host: HostRow, nowMs: number, isCoordinator: boolean): readonly (readonly [string, string])[] {
  return [
    ["space", host.usedBytes === undefined ? `offers ${formatBytes(host.capacityBytes)}` : `${formatBytes(host.usedBytes)} of ${formatBytes(host.capacityBytes)} used`],
    ["zone", `${host.zone}: hosts of one zone are expected to fail together`],
    ["address", host.address ?? "none is known"],
    ...(host.roundTripMs === undefined ? [] : [["latency", `${host.roundTripMs} ms from this host to it and back`] as const]),
    ["version", host.version],
    ...(host.presence === "online" || host.lastSeenMs === null ? [] : [["last seen", ago(nowMs - host.lastSeenMs)] as const]),
    ...(isCoordinator ? [["coordinator", "yes: it plans repair and audits"] as const] : []),
  ];
}

/** What would be lost with a host is not taken for nothing before it is known. */
export function uncountedWords(name: string): string {
  return `What would be lost with ${name} is still being counted.`;
}

/** @param losses as `lossWords` gives them; undefined while they are counted */
export function hostQuestion(question: "drain" | "fill" | "remove" | "leave", name: string, losses: string | undefined): { readonly title: string; readonly about: string; readonly yes: string } {
  switch (question) {
    case "drain":
      return { title: `Empty ${name}?`, about: `What lies on ${name} is copied to other hosts, and it gets nothing new. When it is empty it can leave without loss. You can let it be filled again at any time.`, yes: "Empty it" };
    case "fill":
      return { title: `Let ${name} be filled again?`, about: "It counts again and gets new content.", yes: "Fill it again" };
    case "remove":
      return { title: `Remove ${name} for good?`, about: losses === undefined ? uncountedWords(name) : removalWords(name, losses), yes: `Remove ${name}` };
    case "leave":
      return { title: "Leave the network with this host?", about: `${leavingWords(name)} It has to be empty first.`, yes: "Leave" };
  }
}

export function inviteMessage(network: string, code: string, words: readonly string[], leftMs: number): string {
  return [
    `You are invited to lend some disk to the Holdfast network “${network}”, and to publish there.`,
    `Within ${formatDuration(leftMs)}, on a machine that has Holdfast, type:`,
    "",
    `  ./holdfast join ${code} --data ~/holdfast --host NAME --capacity 20GB`,
    "",
    "Or type ./holdfast alone, open the link that it shows, and then this one in the same web browser (with the number from there in place of 4280, if it is another):",
    "",
    `  ${joinLink(code)}`,
    "",
    `It will show three check words. They must be the same as these: ${words.join(" ")}`,
    "The code works once; whoever has it can join, so it is for one person only.",
  ].join("\n");
}

export function inviteState({ state, usedBy, zone, expiresMs }: InviteRow, nowMs: number): string {
  const where = zone === null ? "" : `, for the zone ${zone}`;
  switch (state) {
    case "used":
      return `Used by ${usedBy ?? "a host that is gone"}${where}`;
    case "expired":
      return `Expired ${ago(nowMs - expiresMs)}${where}`;
    case "open":
      return `Open for ${formatDuration(expiresMs - nowMs)} more${where}`;
  }
}

export function domainWords(standing: DomainRow["standing"], proof: DomainRow["proof"]): string {
  const record = `the TXT record ${proof.name} must say ${proof.text}`;
  switch (standing) {
    case "proven":
      return "proven by DNS";
    case "confirmed":
      return "confirmed by an administrator";
    case "elsewhere":
      return "DNS gives it to another site";
    case "unproven":
      return `not proven yet: ${record}, or an administrator has to say that it is this site's`;
    case "unchecked":
      return `not proven yet, as DNS has not answered this host: ${record}, or an administrator has to say that it is this site's`;
  }
}
