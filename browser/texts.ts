import type { DomainRow, EntryRow, EventRow, HeadRow, HostRow, InviteRow, PublishRow, PutRow, SiteRow, WorkerRow } from "../src/door/index.ts";
import { count, formatBytes, formatDuration } from "../src/cli/amounts.ts";
import { leavingWords, removalWords } from "../src/cli/parting.ts";
import type { Progress } from "./transfer.ts";

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

function survives(losses: number): string {
  return losses >= 1 ? `survives the loss of any ${count(losses, "host")}` : "lies on one host only: when that is lost, it is lost";
}

function onItsWay({ phase, files, bytes, totalFiles, totalBytes, bytesPerSecond }: Progress<unknown>): string {
  const far = `${files.toLocaleString("en")} of ${count(totalFiles, "file")}, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`;
  switch (phase) {
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
  }
}

function hostFacts(host: HostRow, nowMs: number, isCoordinator: boolean): readonly (readonly [string, string])[] {
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

function hostQuestion(question: "drain" | "fill" | "remove" | "leave", name: string, losses: string): { readonly title: string; readonly about: string; readonly yes: string } {
  switch (question) {
    case "drain":
      return { title: `Empty ${name}?`, about: `What lies on ${name} is copied to other hosts, and it gets nothing new. When it is empty it can leave without loss. You can let it be filled again at any time.`, yes: "Empty it" };
    case "fill":
      return { title: `Let ${name} be filled again?`, about: "It counts again and gets new content.", yes: "Fill it again" };
    case "remove":
      return { title: `Remove ${name} for good?`, about: removalWords(name, losses), yes: `Remove ${name}` };
    case "leave":
      return { title: "Leave the network with this host?", about: `${leavingWords(name)} It has to be empty first.`, yes: "Leave" };
  }
}

function inviteMessage(network: string, code: string, words: readonly string[], leftMs: number): string {
  return [
    `You are invited to lend some disk to the Holdfast network “${network}”, and to publish there.`,
    `Within ${formatDuration(leftMs)}, on a machine that has Holdfast, type:`,
    "",
    `  ./holdfast join ${code} --data ~/holdfast --host NAME --capacity 20GB`,
    "",
    `It will show three check words. They must be the same as these: ${words.join(" ")}`,
  ].join("\n");
}

function inviteState({ state, usedBy, zone, expiresMs }: InviteRow, nowMs: number): string {
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

function domainWords(standing: DomainRow["standing"], proof: DomainRow["proof"]): string {
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
    others: "The network goes on without it: the same is to be read at",
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

  lookUp: {
    placeholder: "Look up a site, a page, a file",
    found: "Found",
    site: "site",
    aboutSite: "about the site",
    address: "address",
    nothing: (words: string) => `Nothing in this network is called “${words}”. A part of a name is enough, or a file's path, or a content id.`,
  },

  transfer: { label: "Sent", words: onItsWay, pause: "Stop for now", goOn: "Go on" },

  publish: {
    title: (name: string | undefined) => (name === undefined ? "Publish a site" : `Publish ${name}`),
    about: "All files of a folder become a website, copied to three hosts. A page called index.html comes first.",
    orDrop: "Drop a folder here, or",
    drop: "Drop it to publish it",
    folder: "Choose a folder",
    file: "Choose files",
    found: (name: string, files: number, bytes: number) => (files === 0 ? "There are no files in it." : `${name === "" ? "" : `${name}: `}${count(files, "file")}, ${formatBytes(bytes)}.`),
    noIndex: "There is no index.html in it, so visitors see a list of the files.",
    doubtful: (path: string) => `${path} will be public like all else in the folder. If it is not meant for everybody, take it out, or name it in a file called .holdfastignore, and choose the folder again.`,
    name: "Name of the site",
    badName: "A name has lower-case letters, digits and hyphens, as in an address.",
    address: (name: string, port: number, isThere: boolean) => (isThere ? `${name} is there already: this becomes its next version, and the older ones stay.` : `It will be at ${name}.localhost:${port} on this machine, and under the same name on every host.`),
    go: "Publish",
    preview: "Look at it first",
    cancelled: "Cancelled. Nothing of it is there.",
    again: "Publish something else",
    previewed: (version: number, name: string) => `Version ${version} of ${name} is there for a look; the site itself is as it was.`,
    look: "Look at it",
    showAll: "Show it to all",
    done: ({ head, site, survives: lost, safe }: PublishRow) => `Version ${head.sequence} of ${site.name} is published: ${count(head.files, "file")}, ${formatBytes(head.sizeBytes)}. It ${survives(lost)}.${safe ? "" : " Hosts that are away will learn of it when they come back."}`,
    open: (name: string) => `Open ${name}`,
  },

  site: {
    none: (name: string) => `There is no site called ${name}.`,
    noneMore: "Nobody in this network has published under this name, or it was taken down.",
    publishUnder: (name: string) => `Publish under ${name}`,
    survives: ({ head, survives: lost }: SiteRow) => (head === null ? "Nothing is published under this name yet." : lost === null ? "" : `It ${survives(lost)}.`),
    newVersion: "Publish a new version",
    keptBy: (names: readonly string[]) => (names.length === 0 ? "No host is known to keep it." : `${listed(names)} ${names.length === 1 ? "keeps" : "keep"} it.`),
    owner: (name: string) => `It was published by the person of ${name}.`,
    mirror: "Keep it whole on this host",
    mirrorAll: "This host keeps all sites.",
    addressTitle: "Where it is",
    here: "On this machine:",
    lan: "On the local network, for a phone too:",
    noLan: "It is not shown on the local network. Start the host with up --lan to open it on a phone.",
    qr: (address: string) => `QR code of ${address}`,
    historyTitle: "Versions",
    version: (sequence: number, isCurrent: boolean) => `Version ${sequence}${isCurrent ? ", which all see" : ""}`,
    versionAbout: ({ files, sizeBytes, publishedMs }: HeadRow, nowMs: number) => `${count(files, "file")}, ${formatBytes(sizeBytes)} · published ${ago(nowMs - publishedMs)}`,
    lookAt: (sequence: number) => `Look at ${sequence}`,
    makeCurrent: (sequence: number) => `Go back to ${sequence}`,
    rollBackTitle: (sequence: number, name: string) => `Show version ${sequence} of ${name} to all?`,
    rollBackAbout: (sequence: number) => `It becomes the newest version, with the content of version ${sequence}. Nothing is deleted: you can go back again in the same way.`,
    rollBackYes: "Show it to all",
    downTitle: "Take it down",
    downAbout: "Its address then says that nothing is there, on every host. The name becomes free: anybody in the network can take it.",
    down: (name: string) => `Take ${name} down`,
    downAsk: (name: string) => `Take ${name} down everywhere?`,
    downWarning: ({ head }: SiteRow) => `${head === null ? "" : `All ${count(head.sequence, "version")} with ${count(head.files, "file")} go with it. `}The hosts delete its content in time; from your own copy it can be published again, as long as nobody has taken the name.`,
    downYes: "Take it down",
  },

  domains: {
    title: "Its own domains",
    none: "It has none.",
    standing: domainWords,
    add: "A domain that it should have",
    addGo: "Add it",
    about: "Hosts that face the internet then serve the site under it, once its DNS, or an administrator of this network, says that it is this site's.",
    look: "Ask DNS now",
    confirm: (domain: string) => `Say that ${domain} is this site's`,
    deny: (domain: string) => `Take the word on ${domain} back`,
    remove: (domain: string) => `Remove ${domain}`,
    removeAsk: (domain: string, site: string) => `Take ${domain} from ${site}?`,
    removeAbout: "No host serves the site under it from then on. Under its name and its other addresses it stays.",
    removeYes: "Take it away",
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

  files: {
    title: "Files",
    about: "Only you can read these. They are encrypted on this host before they leave it, and lie in pieces on the others.",
    drop: "Drop it to keep it",
    putFiles: "Keep files",
    putFolder: "Keep a folder",
    none: "Nothing is kept yet.",
    noneMore: "Drop files or folders here. With your recovery phrase they come back on any host, also when this one burns down.",
    unreadable: "This cannot be read.",
    entry: ({ kind, files, sizeBytes, createdMs }: EntryRow, nowMs: number) => `${kind === "file" ? formatBytes(sizeBytes) : `${count(files, "file")}, ${formatBytes(sizeBytes)}`} · kept ${ago(nowMs - createdMs)}`,
    survives: (losses: number) => (losses < 0 ? "Too few pieces of it are in sight: start the hosts that are away." : `It ${survives(losses)}.`),
    kept: ({ entry, survives: losses, safe }: PutRow) => `${entry.name} is kept. It ${entry.sizeBytes === 0 ? "survives as its record does: on every host" : survives(losses)}.${safe ? "" : " Hosts that are away will learn of it when they come back."}`,
    back: "All files",
    noPreview: "This kind of file, or one of this size, is not shown here; download it.",
    download: "Download",
    downloading: "Fetching …",
    deleteTitle: "Delete it",
    delete: (name: string) => `Delete ${name}`,
    deleteAsk: (name: string) => `Delete ${name} for good?`,
    deleteAbout: ({ kind, files }: EntryRow) => `${kind === "file" ? "It is" : `All ${count(files, "file")} in it are`} gone at once, and nobody can bring them back. The space is given back later.`,
    deleteYes: "Delete it",
  },

  host: {
    none: "There is no such host.",
    back: "All hosts",
    lead: (host: HostRow, nowMs: number) => `${host.isSelf ? "This host, which serves the page you read, is" : "It is"} ${stateOf(host)}${host.presence === "online" || host.lastSeenMs === null ? "" : `, last seen ${ago(nowMs - host.lastSeenMs)}`}.`,
    facts: hostFacts,
    offerTitle: "What it offers",
    offer: "How much of its disk it may use, in GB",
    offerGo: "Offer that",
    offerAbout: "Nothing is deleted when it is less: what lies here beyond it stays until it is elsewhere.",
    partTitle: "If it goes",
    noLoss: (name: string) => `Nothing would be lost without ${name}.`,
    drain: "Empty it",
    fill: "Let it be filled again",
    leave: "Leave the network",
    remove: (name: string) => `Remove ${name}`,
    ask: hostQuestion,
  },

  invite: {
    title: (network: string) => `Invite someone to ${network}`,
    about: "An invite lets one more host in, once. Whoever has it can join, so send it to one person only, by a way you trust.",
    expires: "It is good for",
    within: (ms: number) => formatDuration(ms),
    zone: "Zone of the new host",
    zoneAbout: "Hosts of one zone fail together: one home, one owner. Left empty, the new host chooses.",
    make: "Make an invite",
    made: "Send this to the person you invite:",
    message: inviteMessage,
    qr: "QR code of the invite's code",
    copy: "Copy the message",
    again: "Make another",
    words: (words: readonly string[]) => `Compare the three check words by telephone, if you like: ${words.join(" ")}. The code is shown only now.`,
    earlier: "Invites so far",
    state: inviteState,
  },

  hosts: {
    title: (online: number, total: number) => (online === total ? (total === 1 ? "One host, and it is here." : `${total} hosts, all here.`) : `${online} of ${count(total, "host")} ${online === 1 ? "is" : "are"} here.`),
    invite: "Invite someone",
    demo: "This is the demo: all hosts run on this machine. Unplug one, as a power cut does, and watch the sites stay.",
    unplug: (name: string) => `Unplug ${name}`,
    plugIn: (name: string) => `Plug ${name} in`,
    self: "this host",
    state: stateOf,
    used: (usedBytes: number | undefined, capacityBytes: number) => (usedBytes === undefined ? `offers ${formatBytes(capacityBytes)}` : `${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)} used`),
    zone: (zone: string) => `in ${zone}`,
    lastSeen: (ms: number) => `last seen ${ago(ms)}`,
    latency: (ms: number) => `${ms} ms`,
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
  setup: {
    name: "Holdfast",
    title: "There is no host on this machine yet.",
    about: "A host lends a part of its disk to a network of people who trust each other. What they publish stays up when any machine is taken down.",
    create: "Create a network",
    createAbout: "You are its first host. Then you invite friends, and each of them lends some disk too.",
    join: "Join with a code",
    joinAbout: "Somebody who is in a network already has sent you a code.",
    code: "The code, or the whole message in which it came",
    readCode: "Read it",
    back: "Back",
    invite: (network: string, words: string) => `This invite is to the network ${network}. Check words: ${words}. The person who invited you was shown the same; if not, do not go on.`,
    network: "Name of the network",
    networkAbout: "Such as friends. Everybody in it sees it.",
    host: "Name of this host",
    hostAbout: "Such as attic: by it the others know which machine is meant.",
    folder: "Folder",
    folderAbout: "Where it keeps what is entrusted to it. It must be empty, or not there yet.",
    capacity: "How much of the disk it may use, in GB",
    capacityAbout: (freeBytes: number) => `${formatBytes(freeBytes)} are free there. You can offer more or less at any time.`,
    createNow: "Create it",
    joinNow: "Join",
    starting: (network: string) => `${network} is there.`,
    startingAbout: "Your host starts; this page goes on by itself in a moment.",
  },

  phrase: {
    title: "Your recovery phrase",
    about: "Write these 24 words on paper. With them your sites and files are yours on any host; without them nobody can help you. They are shown only now.",
    noted: "I have written it down",
    word: (number: number) => `Word ${number}`,
    wrong: "That is not what was shown. Look at your paper, or have the words shown again.",
    check: "Go on",
    again: "Show the words again",
  },

  notFound: { title: "Nothing is here.", back: "To the sites" },
} as const;
