import type { BlobId } from "../../codec/index.ts";
import type { Copies } from "../../pool/index.ts";
import type { Node } from "../port.ts";
import { FileRow, PublishRow } from "../rows.ts";
import { body, list, object, text } from "../schema.ts";
import { fileRow, publishRow } from "../site-rows.ts";
import { arrivalOf } from "./arrival.ts";
import type { Publications } from "./publications.ts";
import type { Call, Route } from "./route.ts";
import { ok } from "./route.ts";

const Begin = body(
  { name: { type: "string", minLength: 1, maxLength: 63 }, copies: { anyOf: [{ const: "all" }, { type: "integer", minimum: 1, maximum: 1000 }], description: "on how many hosts, or on all" }, preview: { type: "boolean", description: "true: it gets a number and an address of its own, and is not made the current state" } },
  { $id: "Begin", optional: ["preview"] },
);
const KEPT_MAX = 1000;
const Keep = body({ files: { type: "array", maxItems: KEPT_MAX, items: object({ path: text, id: text }) } }, { $id: "Keep" });
const Kept = object({ kept: list(text) }, { $id: "Kept" });
const Begun = object({ id: text }, { $id: "Begun" });

async function addFile(publications: Publications, call: Call): Promise<FileRow> {
  const { site, file } = await publications.add(call.param("id"), arrivalOf(call.incoming, call.param("path")));
  return fileRow(site, file);
}

export function publicationRoutes(node: Node, publications: Publications, port: number): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/publications",
      name: "beginPublication",
      summary: "Begin to publish; nothing is visible before the commit",
      takes: Begin,
      gives: { 201: { description: "Begun", schema: Begun } },
      handle: async (call) => {
        const { name, copies, preview } = call.body<{ name: string; copies: Copies; preview?: boolean }>();
        return { status: 201, json: { id: await publications.begin(name, copies, preview === true) } };
      },
    },
    {
      method: "POST",
      path: "/api/publications/{id}/kept",
      name: "keepFiles",
      summary: "Take files in that the version before has, without sending them",
      takes: Keep,
      gives: { 200: { description: "Those that were taken in; the others must be sent", schema: Kept } },
      handle: async (call) => ok({ kept: await publications.keep(call.param("id"), call.body<{ files: { path: string; id: BlobId }[] }>().files) }),
    },
    {
      method: "PUT",
      path: "/api/publications/{id}/files/{path}",
      name: "addFile",
      summary: "Send one file; its bytes must be as many as Content-Length says",
      takes: "bytes",
      gives: { 200: { description: "It came in whole", schema: FileRow } },
      handle: async (call) => ok(await addFile(publications, call)),
    },
    ...endingRoutes(node, publications, port),
  ];
}

/** How a publication ends. */
function endingRoutes(node: Node, publications: Publications, port: number): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/publications/{id}/commit",
      name: "commit",
      summary: "Make what was sent the site's current state",
      gives: { 200: { description: "Published", schema: PublishRow }, 202: { description: "Published, but on fewer hosts than it should be for now", schema: PublishRow } },
      handle: async (call) => {
        const result = await publications.commit(call.param("id"));
        return { status: result.safe ? 200 : 202, json: publishRow(node, result, port) };
      },
    },
    {
      method: "POST",
      path: "/api/publications/{id}/leave",
      name: "leavePublication",
      summary: "End it without publishing; a later one of the same site need not send again what was sent",
      gives: { 200: { description: "It is ended" } },
      handle: async (call) => {
        await publications.leave(call.param("id"));
        return ok({});
      },
    },
    {
      method: "DELETE",
      path: "/api/publications/{id}",
      name: "abortPublication",
      summary: "Take everything back that was sent",
      gives: { 200: { description: "Nothing of it remains" } },
      handle: async (call) => {
        await publications.abort(call.param("id"));
        return ok({});
      },
    },
  ];
}
