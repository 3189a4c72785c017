import type { CommandFile } from "../context.ts";

export interface Listed {
  readonly name: string;
  readonly summary: string;
  readonly isHidden?: true;
  readonly load: () => Promise<CommandFile>;
}

/** All commands in the order of the help, which is the order in which a person meets them. */
export const COMMANDS: readonly Listed[] = [
  { name: "setup", summary: "make a host from a web browser: create a network, or join one", load: async () => (await import("./setup.ts")).setup },
  { name: "init", summary: "prime a folder, partition or disk, and create a network on it", load: async () => (await import("./init.ts")).init },
  { name: "up", summary: "run the host", load: async () => (await import("./up.ts")).up },
  { name: "browser", summary: "make a link that opens the Browser: look, publish and run the host from web pages", load: async () => (await import("./browser.ts")).browser },
  { name: "invite", summary: "make a one-time code that lets a friend's host join", load: async () => (await import("./invite.ts")).invite },
  { name: "nearby", summary: "machines of the local network that ask to be let in: list, admit, refuse, visit", load: async () => (await import("./nearby.ts")).nearby },
  { name: "join", summary: "prime a folder and join a network, with an invite or by asking a host nearby", load: async () => (await import("./join.ts")).join },
  { name: "publish", summary: "publish a folder or a file as a website", load: async () => (await import("./publish.ts")).publish },
  { name: "unpublish", summary: "take a website down everywhere", load: async () => (await import("./unpublish.ts")).unpublish },
  { name: "domains", summary: "show sites' own domains, and whose they are", load: async () => (await import("./domains.ts")).domains },
  { name: "get", summary: "download all files of a site", load: async () => (await import("./get.ts")).get },
  { name: "put", summary: "keep a file or folder that only you can read", load: async () => (await import("./put.ts")).put },
  { name: "fetch", summary: "bring back what was put", load: async () => (await import("./fetch.ts")).fetch },
  { name: "ls", summary: "list what you have put", load: async () => (await import("./ls.ts")).ls },
  { name: "rm", summary: "keep something no longer that was put", load: async () => (await import("./rm.ts")).rm },
  { name: "upgrade", summary: "keep what you have put as safely as the network has become", load: async () => (await import("./upgrade.ts")).upgrade },
  { name: "status", summary: "say how the host and its network are", load: async () => (await import("./status.ts")).status },
  { name: "hosts", summary: "list the hosts of the network", load: async () => (await import("./hosts.ts")).hosts },
  { name: "sites", summary: "list the sites of the network", load: async () => (await import("./sites.ts")).sites },
  { name: "stats", summary: "say how often a site was asked for, by days", load: async () => (await import("./stats.ts")).stats },
  { name: "files", summary: "list the files of all sites, or of one", load: async () => (await import("./files.ts")).files },
  { name: "pool", summary: "say what space there is, what is used, and what everything survives", load: async () => (await import("./pool.ts")).pool },
  { name: "where", summary: "say on which hosts a site, an entry or a pack lies", load: async () => (await import("./where.ts")).where },
  { name: "layout", summary: "say who holds which shard, what is moving, and how even it is", load: async () => (await import("./layout.ts")).layout },
  { name: "workers", summary: "list the host's background work", load: async () => (await import("./workers.ts")).workers },
  { name: "kv", summary: "put, get, delete, scan and watch keys and values", load: async () => (await import("./kv.ts")).kv },
  { name: "network", summary: "show or choose what holds for the whole network", load: async () => (await import("./network.ts")).network },
  { name: "renew", summary: "give a host a new, empty disk under its old name and key", load: async () => (await import("./renew.ts")).renew },
  { name: "mirror", summary: "keep a site, or all of them, whole on this host", load: async () => (await import("./mirror.ts")).mirror },
  { name: "capacity", summary: "offer more or less of the host's disk", load: async () => (await import("./capacity.ts")).capacity },
  { name: "quota", summary: "show how much each person takes, or choose how much they may", load: async () => (await import("./quota.ts")).quota },
  { name: "drain", summary: "empty a host, so that it may leave without loss", load: async () => (await import("./drain.ts")).drain },
  { name: "leave", summary: "end this host's part in the network, once it is empty", load: async () => (await import("./leave.ts")).leave },
  { name: "remove", summary: "remove a host from the network for good", load: async () => (await import("./remove.ts")).remove },
  { name: "doctor", summary: "check this machine, and say what to do", load: async () => (await import("./doctor.ts")).doctor },
  { name: "key", summary: "export or import the person's recovery phrase, or end a host's right to act for them", load: async () => (await import("./key.ts")).key },
  { name: "demo", summary: "start a network of several hosts on this machine", load: async () => (await import("./demo.ts")).demo },
  { name: "overview", summary: "say how things stand and the one next step", isHidden: true, load: async () => (await import("./overview.ts")).overview },
];
