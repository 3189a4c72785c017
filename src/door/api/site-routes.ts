import type { Env } from "../../platform/index.ts";
import { codeOf, messageOf } from "../../platform/index.ts";
import type { SiteInfo } from "../../site/index.ts";
import { DoorError } from "../errors.ts";
import type { FileAnswers } from "../gateway/file-answer.ts";
import { prepare } from "../gateway/prepared.ts";
import type { Shelves } from "../gateway/shelf.ts";
import type { Stalls } from "../gateway/stalls.ts";
import type { Node } from "../port.ts";
import { FileFault, FileRow, HeadRow, PublishRow, SiteRow } from "../rows.ts";
import { body, list, object } from "../schema.ts";
import { fileRow, headRow, publishRow, siteRow, siteRows } from "../site-rows.ts";
import type { Traffic } from "../traffic.ts";
import { VisitRow, visitRows } from "../visit-rows.ts";
import type { AnswerDoc, Call, Route } from "./route.ts";
import { ok } from "./route.ts";
import { LIST_TYPES, answerRows } from "./rows-stream.ts";

const Rollback = body({ sequence: { type: "integer", minimum: 0 } }, { $id: "Rollback" });

/** A site's file is somebody else's page: on this origin no browser may show it, whoever asks. */
export const AS_DATA = ["Content-Disposition", "attachment", "Content-Security-Policy", "sandbox", "Cross-Origin-Resource-Policy", "same-origin"];

const FILES: AnswerDoc = { description: "The files; one object per line when Accept is application/x-ndjson", schema: object({ files: list({ anyOf: [FileRow, FileFault] }) }), mediaTypes: LIST_TYPES };

/** What the routes about sites need of the door. */
export interface SiteDesk {
  readonly env: Env;
  readonly node: Node;
  readonly shelves: Shelves;
  readonly files: FileAnswers;
  readonly stalls: Stalls;
  readonly traffic: Traffic;
  readonly port: number;
}

/** @throws DoorError NO_SITE */
function siteNamed(node: Node, name: string): SiteInfo {
  const site = node.sites.find(name);
  if (site === undefined) throw new DoorError("NO_SITE", `There is no site "${name}". "holdfast sites" lists those there are.`);
  return site;
}

/** @throws DoorError NO_SITE also when nothing is published under the name */
function publishedSite(node: Node, name: string): SiteInfo {
  const site = siteNamed(node, name);
  if (site.head === undefined) throw new DoorError("NO_SITE", `Nothing is published under "${name}".`);
  return site;
}

async function* filesOf(desk: SiteDesk, site: SiteInfo): AsyncGenerator<FileRow> {
  const { view } = await desk.shelves.open(site);
  for (const file of view.files()) yield fileRow(site.name, file);
}

/** A site whose list is out of reach has a row that says so, and does not hide the others. */
async function* allFiles(desk: SiteDesk): AsyncGenerator<FileRow | FileFault> {
  for (const site of desk.node.sites.list()) {
    if (site.head === undefined) continue;
    try {
      yield* filesOf(desk, site);
    } catch (error) {
      yield { site: site.name, code: codeOf(error) ?? "INTERNAL", message: messageOf(error) };
    }
  }
}

async function content(desk: SiteDesk, call: Call): Promise<"sent"> {
  const site = publishedSite(desk.node, call.param("name"));
  const path = call.param("path");
  const { view } = await desk.shelves.open(site);
  const file = view.file(path);
  if (file === undefined) throw new DoorError("NO_FILE", `The site "${site.name}" has no file "${path}". "holdfast files --site ${site.name}" lists those it has.`);
  const prepared = prepare(site, file, desk.env.clock.wallMs(), { extra: AS_DATA, type: "application/octet-stream", cacheControl: "no-cache" });
  await desk.files.answer(call.incoming, call.outgoing, prepared, call.head);
  return "sent";
}

export function siteRoutes(desk: SiteDesk): readonly Route[] {
  const { node, port } = desk;
  return [...readingRoutes(desk), {
    method: "DELETE",
    path: "/api/sites/{name}",
    name: "unpublish",
    summary: "Take a site from the network",
    gives: { 200: { description: "It is gone" } },
    handle: async (call) => {
      await node.sites.unpublish(call.param("name"));
      return ok({});
    },
  }, {
    method: "POST",
    path: "/api/sites/{name}/rollback",
    name: "rollback",
    summary: "Make an older state the current one again, as a new one",
    takes: Rollback,
    gives: { 200: { description: "The new state", schema: PublishRow }, 202: { description: "The new state, on fewer hosts than it should be for now", schema: PublishRow } },
    handle: async (call) => {
      const result = await node.sites.rollback(call.param("name"), call.body<{ sequence: number }>().sequence);
      return { status: result.safe ? 200 : 202, json: publishRow(node, result, port) };
    },
  }];
}

function readingRoutes(desk: SiteDesk): readonly Route[] {
  const { node, port } = desk;
  return [
    { method: "GET", path: "/api/sites", name: "sites", summary: "All sites", gives: { 200: { description: "The sites", schema: object({ sites: list(SiteRow) }) } }, handle: () => ok({ sites: siteRows(node, port) }) },
    { method: "GET", path: "/api/sites/{name}", name: "site", summary: "One site", gives: { 200: { description: "The site", schema: SiteRow } }, handle: (call) => ok(siteRow(node, siteNamed(node, call.param("name")), port)) },
    {
      method: "GET",
      path: "/api/sites/{name}/history",
      name: "history",
      summary: "A site's published states, newest first",
      gives: { 200: { description: "The states", schema: object({ history: list(HeadRow) }) } },
      handle: (call) => ok({ history: node.sites.history(siteNamed(node, call.param("name")).name).map(headRow) }),
    },
    { method: "GET", path: "/api/sites/{name}/visits", name: "visits", summary: "How often the site was asked for, by days and hosts", gives: { 200: { description: "The counts, the newest day first", schema: object({ visits: list(VisitRow) }) } }, handle: (call) => ok({ visits: visitRows(node, siteNamed(node, call.param("name")).name) }) },
    { method: "GET", path: "/api/sites/{name}/files", name: "siteFiles", summary: "Every file of a site", gives: { 200: FILES }, handle: (call) => answerRows(desk, call, "files", filesOf(desk, publishedSite(node, call.param("name")))) },
    { method: "GET", path: "/api/files", name: "files", summary: "Every file of every site", gives: { 200: FILES }, handle: (call) => answerRows(desk, call, "files", allFiles(desk)) },
    {
      method: "GET",
      path: "/api/sites/{name}/content/{path}",
      name: "content",
      summary: "A file's bytes; ranges and conditions as for web pages",
      gives: { 200: { description: "The bytes", mediaTypes: ["application/octet-stream"] }, 206: { description: "A part of them", mediaTypes: ["application/octet-stream"] } },
      handle: (call) => content(desk, call),
    },
  ];
}
