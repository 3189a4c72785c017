import type { RowFacts } from "../../drive/index.ts";
import { concatBytes } from "../../codec/index.ts";
import { BundleHead } from "../entry-rows.ts";
import { DoorError } from "../errors.ts";
import { ofShape, parse } from "./json-body.ts";

const LINE_END = 0x0a;

/** A small file as it came in a bundle. */
export interface BundledFile {
  readonly facts: RowFacts;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Files that came in one body: a line of JSON with the facts of each, and then their bytes one behind the other.
 * @throws DoorError BAD_REQUEST when it is not that; what `chunks` throws
 */
export async function readBundle(chunks: AsyncIterable<Uint8Array>): Promise<BundledFile[]> {
  const body = concatBytes(...(await Array.fromAsync(chunks)));
  const headBytes = body.indexOf(LINE_END);
  if (headBytes < 0) throw new DoorError("BAD_REQUEST", "A bundle begins with a line of JSON that says which files are in it.");
  const { files } = (await ofShape(parse(Buffer.from(body.subarray(0, headBytes)).toString("utf8")), BundleHead)) as BundleHead;
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (headBytes + 1 + sizeBytes !== body.length) throw new DoorError("BAD_REQUEST", `The bundle's files have ${sizeBytes} bytes by its first line, but ${body.length - headBytes - 1} came.`);
  let at = headBytes + 1;
  return files.map(({ sizeBytes: length, ...facts }) => {
    const bytes = body.subarray(at, (at += length));
    return { facts, content: only(bytes) };
  });
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
