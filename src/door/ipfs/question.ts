import type { IncomingHttpHeaders } from "node:http";
import type { BlobId } from "../../codec/index.ts";
import { bytesOfBlobId } from "../../codec/index.ts";
import { DoorError } from "../errors.ts";
import { parsePath } from "../gateway/path.ts";
import type { Scope } from "./car.ts";

/** What is asked of the trustless gateway. */
export interface Question {
  readonly root: BlobId;
  /** Names below the root. */
  readonly path: readonly string[];
  readonly format: "raw" | "car";
  readonly scope: Scope;
}

export const RAW_TYPE = "application/vnd.ipld.raw";
export const CAR_TYPE = "application/vnd.ipld.car";

/**
 * Reads a request of https://specs.ipfs.tech/http-gateways/trustless-gateway/. Undefined: neither a raw block nor a CAR is asked for.
 * @throws DoorError BAD_PATH, BAD_REQUEST
 */
export function readQuestion(target: string, headers: IncomingHttpHeaders): Question | undefined {
  const { parts, query } = parsePath(target);
  const [, cid = "", ...path] = parts;
  const parameters = new URLSearchParams(query);
  const format = formatOf(parameters.get("format"), headers.accept ?? "");
  if (format === undefined) return undefined;
  const scope = parameters.get("dag-scope") ?? "all";
  if (scope !== "block" && scope !== "entity" && scope !== "all") throw new DoorError("BAD_REQUEST", `dag-scope is block, entity or all, not ${scope.slice(0, 40)}.`);
  return { root: rootOf(cid), path, format, scope };
}

function rootOf(cid: string): BlobId {
  try {
    bytesOfBlobId(cid);
  } catch (error) {
    throw new DoorError("BAD_REQUEST", `${cid.slice(0, 80)} is no content id that this host could have: CIDv1 in base32, raw or dag-pb, SHA-256.`, { cause: error });
  }
  return cid as BlobId;
}

/** The address says it before the header does: some clients cannot choose their headers. */
function formatOf(parameter: string | null, accept: string): Question["format"] | undefined {
  if (parameter !== null) return parameter === "raw" || parameter === "car" ? parameter : undefined;
  const wanted = accept.split(",").map((each) => each.trim().toLowerCase());
  if (wanted.some((each) => each.startsWith(RAW_TYPE))) return "raw";
  return wanted.some((each) => each.startsWith(CAR_TYPE) && !/version=(?!1\b)/.test(each)) ? "car" : undefined;
}
