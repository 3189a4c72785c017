import type { IncomingMessage } from "node:http";
import type { Entries, PrivateFile, RowFacts } from "../../drive/index.ts";
import { codeOf, messageOf } from "../../platform/index.ts";
import type { EntryFaultRow, EntryRow } from "../entry-rows.ts";
import { AddFolders, BeginUpload, BlobRow, EntryFaultRow as EntryFaultSchema, EntryRow as EntrySchema, PrivateRow, PutRow, entryRow, privateRow, putRow } from "../entry-rows.ts";
import { DoorError } from "../errors.ts";
import { list, object, text } from "../schema.ts";
import { acknowledge, acknowledged } from "./acknowledge.ts";
import { arrivalOf } from "./arrival.ts";
import { bundleRoutes } from "./bundle-routes.ts";
import type { EntryDesk } from "./entry-desk.ts";
import { sendPrivateFile } from "./private-content.ts";
import type { Answer, AnswerDoc, Call, Route } from "./route.ts";
import { ok } from "./route.ts";
import { LIST_TYPES, answerRows } from "./rows-stream.ts";

const UploadBegun = object({ id: text }, { $id: "UploadBegun" });
const ENTRIES: AnswerDoc = { description: "What this host's person keeps; one object per line when Accept is application/x-ndjson", schema: object({ entries: list({ anyOf: [EntrySchema, EntryFaultSchema] }) }), mediaTypes: LIST_TYPES };
const ROWS: AnswerDoc = { description: "Its files and folders; one object per line when Accept is application/x-ndjson", schema: object({ rows: list(PrivateRow) }), mediaTypes: LIST_TYPES };
const BLOBS: AnswerDoc = { description: "Its stretches, from its beginning to its end; one object per line when Accept is application/x-ndjson", schema: object({ blobs: list(BlobRow) }), mediaTypes: LIST_TYPES };
const BYTES = { mediaTypes: ["application/octet-stream"] } as const;

const MAX_MODE = 0o777;

async function* entryRows(entries: Entries): AsyncGenerator<EntryRow | EntryFaultRow> {
  for await (const each of entries.list()) yield "fault" in each ? { id: each.id, code: codeOf(each.fault) ?? "INTERNAL", message: messageOf(each.fault) } : entryRow(each);
}

async function* rowsOf(entries: Entries, id: string): AsyncGenerator<PrivateRow> {
  for await (const row of (await entries.open(id)).rows()) yield privateRow(row);
}

/** @throws DoorError NO_FILE; DriveError NO_ENTRY */
async function fileOf({ entries }: EntryDesk, call: Call): Promise<PrivateFile> {
  const path = call.param("path");
  const file = await (await entries.open(call.param("id"))).file(path);
  if (file === undefined) throw new DoorError("NO_FILE", `There is no file ${JSON.stringify(path)} in it.`);
  return file;
}

async function* blobsOf(desk: EntryDesk, call: Call): AsyncGenerator<BlobRow> {
  yield* (await fileOf(desk, call)).blobs();
}

/** @throws DoorError BAD_REQUEST */
function numberIn(request: IncomingMessage, header: string, most: number): number {
  const said = request.headers[header];
  const number = Number(said);
  if (typeof said !== "string" || !/^\d{1,16}$/.test(said) || number > most) throw new DoorError("BAD_REQUEST", `The header ${header} says a whole number up to ${most}.`);
  return number;
}

async function addFile(desk: EntryDesk, call: Call): Promise<Answer> {
  const { incoming } = call;
  const path = call.param("path");
  const facts: RowFacts = { path, mode: numberIn(incoming, "holdfast-mode", MAX_MODE), modifiedMs: numberIn(incoming, "holdfast-modified-ms", Number.MAX_SAFE_INTEGER) };
  return ok(privateRow(await desk.uploads.add(call.param("id"), facts, arrivalOf(incoming, path))));
}

export function entryRoutes(desk: EntryDesk): readonly Route[] {
  const { entries } = desk;
  return [
    { method: "GET", path: "/api/entries", name: "entries", summary: "The private files and folders of this host's person", gives: { 200: ENTRIES }, handle: (call) => answerRows(desk, call, "entries", entryRows(entries)) },
    { method: "GET", path: "/api/entries/{id}", name: "entry", summary: "One of them", gives: { 200: { description: "The entry", schema: EntrySchema } }, handle: async (call) => ok(entryRow((await entries.open(call.param("id"))).info)) },
    { method: "GET", path: "/api/entries/{id}/files", name: "entryFiles", summary: "Everything in a private folder, in the order of paths", gives: { 200: ROWS }, handle: (call) => answerRows(desk, call, "rows", rowsOf(entries, call.param("id"))) },
    {
      method: "GET",
      path: "/api/entries/{id}/content/{path}",
      name: "entryContent",
      summary: "A private file's bytes, decrypted on this host; one range of them with Range. With TE: trailers, the trailer Holdfast-Sources says what came from where",
      gives: { 200: { description: "The bytes", ...BYTES }, 206: { description: "A part of them", ...BYTES } },
      handle: async (call) => sendPrivateFile(desk, call, await fileOf(desk, call)),
    },
    {
      method: "GET",
      path: "/api/entries/{id}/blobs/{path}",
      name: "entryBlobs",
      summary: "What a private file is made of: sizes and SHA-256, by which whoever has a part of it can tell how much of that is right",
      gives: { 200: BLOBS },
      handle: (call) => answerRows(desk, call, "blobs", blobsOf(desk, call)),
    },
    {
      method: "DELETE",
      path: "/api/entries/{id}",
      name: "removeEntry",
      summary: "Forget a private file or folder; the space that only it took is reclaimed later",
      gives: acknowledged("It is gone"),
      handle: async (call) => acknowledge(await entries.remove(call.param("id"))),
    },
    ...uploadRoutes(desk),
    ...bundleRoutes(desk),
  ];
}

function uploadRoutes(desk: EntryDesk): readonly Route[] {
  const { uploads } = desk;
  return [
    {
      method: "POST",
      path: "/api/uploads",
      name: "beginUpload",
      summary: "Begin to put a private file or folder; nothing is there before the commit",
      takes: BeginUpload,
      gives: { 201: { description: "Begun", schema: UploadBegun } },
      handle: async (call) => ({ status: 201, json: { id: await uploads.begin(call.body<BeginUpload>()) } }),
    },
    {
      method: "PUT",
      path: "/api/uploads/{id}/files/{path}",
      name: "uploadFile",
      summary: "Send one file, with its permissions in Holdfast-Mode and its time of change in Holdfast-Modified-Ms; its bytes must be as many as Content-Length says",
      takes: "bytes",
      gives: { 200: { description: "It came in whole", schema: PrivateRow } },
      handle: (call) => addFile(desk, call),
    },
    {
      method: "POST",
      path: "/api/uploads/{id}/folders",
      name: "uploadFolders",
      summary: "Say which folders there are, empty ones too",
      takes: AddFolders,
      gives: { 200: { description: "Noted" } },
      handle: (call) => {
        uploads.addFolders(call.param("id"), call.body<{ folders: RowFacts[] }>().folders);
        return ok({});
      },
    },
    {
      method: "POST",
      path: "/api/uploads/{id}/commit",
      name: "commitUpload",
      summary: "Keep what was sent",
      gives: { 200: { description: "It is kept", schema: PutRow }, 202: { description: "It is kept, on fewer hosts than it should be for now", schema: PutRow } },
      handle: async (call) => {
        const result = await uploads.commit(call.param("id"));
        return { status: result.safe && result.isSpread ? 200 : 202, json: putRow(result) };
      },
    },
    {
      method: "DELETE",
      path: "/api/uploads/{id}",
      name: "abortUpload",
      summary: "Keep nothing of what was sent",
      gives: { 200: { description: "Nothing of it is there" } },
      handle: async (call) => {
        await uploads.abort(call.param("id"));
        return ok({});
      },
    },
  ];
}
