import type { EventRow, HeadRow, HostRow, SiteRow, WorkerRow } from "../src/door/index.ts";
import { count, formatBytes, formatDuration } from "../src/cli/amounts.ts";

// All that the Browser says, so that another language is another file like this one. The words are those of the command line.

const DAY_MS = 86_400_000;

function ago(ms: number): string {
  return ms < 5_000 ? "just now" : `${formatDuration(ms)} ago`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

function stateOf({ presence, isDraining, isSuspect }: Pick<HostRow, "presence" | "isDraining" | "isSuspect">): string {
  return [presence, ...(isDraining ? ["being emptied"] : []), ...(isSuspect ? ["suspect"] : [])].join(", ");
}

function happened(event: EventRow): string {
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

export const texts = {
  ago,
  bytes: formatBytes,
  count,
  listed,
  nav: { label: "Parts of the Browser", sites: "Sites", files: "Files", hosts: "Hosts", health: "Health", skip: "Skip to the page" },
  servedBy: (host: string, version: string) => `Served by ${host}, Holdfast ${version}.`,
  loading: "One moment …",
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  tryAgain: "Try again",
  more: (left: number) => `Show ${left.toLocaleString("en")} more`,

  line: {
    lost: "This host does not answer. What you see is from before; it goes on by itself as soon as the host is back.",
    silent: "This host does not answer. Is it running?",
    unexpected: (status: number) => `The host answered with ${status}, and with nothing that explains it.`,
    back: (late: number, forgotten: number | null) =>
      forgotten === null
        ? "The host was started anew while the connection was lost. What happened meanwhile it does not know."
        : forgotten > 0
          ? `While the connection was lost, ${count(late + forgotten, "thing")} happened; the last ${late} are on the page Health.`
          : `While the connection was lost, ${late === 1 ? "one thing" : `${late} things`} happened: see Health.`,
  },

  session: {
    refused: "This link was used before, or is older than a day. `./holdfast browser` in the terminal makes a new one.",
  },

  sites: {
    title: "Sites",
    publish: "Publish a folder",
    none: "No sites yet.",
    noneMore: "Drop a folder here, or choose one: it becomes a website that stays up when any machine is taken down.",
    filter: "Show only sites with",
    about: ({ head, survives, standing }: SiteRow, nowMs: number) =>
      head === null
        ? "nothing published yet"
        : [...(standing === "provisional" ? ["name not confirmed yet"] : []), `${count(head.files, "file")}, ${formatBytes(head.sizeBytes)}`, `changed ${ago(nowMs - head.publishedMs)}`, ...(survives === null ? [] : [survives === 0 ? "survives no loss" : `survives any ${survives} lost`])].join(" · "),
    details: (name: string) => `About ${name}`,
    open: "Open",
  },

  hosts: {
    title: (online: number, total: number) => (online === total ? (total === 1 ? "One host, and it is here." : `${total} hosts, all here.`) : `${online} of ${count(total, "host")} ${online === 1 ? "is" : "are"} here.`),
    invite: "Invite someone",
    self: "this host",
    state: stateOf,
    used: (usedBytes: number | undefined, capacityBytes: number) => (usedBytes === undefined ? `offers ${formatBytes(capacityBytes)}` : `${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)} used`),
    zone: (zone: string) => `in ${zone}`,
    lastSeen: (ms: number) => `last seen ${ago(ms)}`,
    coordinator: "coordinator: plans repair",
    version: (version: string) => `version ${version}`,
  },

  health: {
    title: "Health",
    next: (step: string) => `Next: ${step}`,
    coordinator: (name: string, term: number) => `${name} is the coordinator (term ${term}): it plans repair and audits.`,
    noCoordinator: (why: string | null) => `There is no coordinator: ${why ?? "the voters are choosing one"}.`,
    space: (used: number, offered: number, free: number) => `${formatBytes(used)} of ${formatBytes(offered)} that all hosts offer are used; those that are here would take ${formatBytes(free)} more.`,
    repairing: (pieces: number, bytes: number, secondsLeft: number | null) => `${count(pieces, "piece")} (${formatBytes(bytes)}) ${pieces === 1 ? "is" : "are"} made anew${secondsLeft === null ? "" : `, ${formatDuration(secondsLeft * 1000)} left`}.`,
    whole: "Every piece is where it should be.",
    whereTitle: "What lies where",
    whereAbout: "Each bar is a host's space; the dark part of it is used.",
    pieces: (pieces: number, bytes: number) => `${count(pieces, "piece")}, ${formatBytes(bytes)}`,
    workersTitle: "Background work",
    worker: ({ state, progress, lastError, lastRunMs }: WorkerRow, nowMs: number) => [...(progress === "" ? [state] : [progress]), ...(lastRunMs === null ? [] : [`last turn ${ago(nowMs - lastRunMs)}`]), ...(lastError === null ? [] : [`last error: ${lastError}`])].join(" · "),
    eventsTitle: "What happened",
    noEvents: "Nothing since this host was started.",
    event: happened,
    at: (atMs: number, nowMs: number) => (nowMs - atMs < DAY_MS ? new Date(atMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : new Date(atMs).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })),
  },

  version: ({ sequence, files, sizeBytes }: HeadRow) => `version ${sequence}: ${count(files, "file")}, ${formatBytes(sizeBytes)}`,
  notFound: { title: "Nothing is here.", back: "To the sites" },
} as const;
