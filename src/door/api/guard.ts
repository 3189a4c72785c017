import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Sessions } from "../browser/sessions.ts";
import { DoorError } from "../errors.ts";
import type { HostRoute } from "../host-route.ts";
import type { Downloads } from "./downloads.ts";

/** What browsers call a request that a person typed, or that a page of this very origin made. */
const FETCH_SITES = new Set(["same-origin", "none"]);
/** The one thing that a link's code opens. */
export const SESSIONS_PATH = "/api/sessions";
const BEARER = /^Bearer +(?<token>[\x21-\x7e]+)$/i;

/**
 * Lets through only who may use the API: the request is for this host and port by name (against DNS rebinding), comes from no page
 * of another origin (against forged requests), and bears the token, that of a Browser's session, or, to open one, a link's code; or it is
 * for an address that lets one download be fetched, for a while.
 */
export class Guard {
  readonly #digest: Uint8Array;
  readonly #sessions: Sessions;
  readonly #port: number;
  readonly #downloads: Pick<Downloads, "admits"> | undefined;

  /** @param downloads addresses that let in by themselves whoever has them */
  constructor(token: string, sessions: Sessions, port: number, downloads?: Pick<Downloads, "admits">) {
    this.#downloads = downloads;
    this.#digest = sha256(utf8(token));
    this.#sessions = sessions;
    this.#port = port;
  }

  /**
   * @param target path and query, as they came
   * @throws DoorError WRONG_HOST, WRONG_ORIGIN, WRONG_TOKEN
   */
  check(request: IncomingMessage, route: HostRoute, target: string): void {
    const { headers } = request;
    if (route.kind !== "self" || route.port !== this.#port) {
      throw new DoorError("WRONG_HOST", `The API answers only under http://localhost:${this.#port}/, http://127.0.0.1:${this.#port}/ and http://[::1]:${this.#port}/. Use one of these.`);
    }
    const site = headers["sec-fetch-site"];
    const isOwn = headers.origin === undefined || headers.origin === `http://${headers.host?.toLowerCase()}`;
    if (!isOwn || (site !== undefined && (typeof site !== "string" || !FETCH_SITES.has(site)))) {
      throw new DoorError("WRONG_ORIGIN", "The API takes no requests from web pages of other addresses.");
    }
    if (this.#downloads?.admits(request.method, target) === true) return;
    const token = bearerOf(request);
    if (token === undefined || !this.#admits(token, request.method === "POST" && target === SESSIONS_PATH)) {
      throw new DoorError("WRONG_TOKEN", "The API's token is missing or wrong. The host wrote it into its data folder; send it as Authorization: Bearer TOKEN.");
    }
  }

  #admits(token: string, opensSession: boolean): boolean {
    // Digests have one length, so that the comparison tells nothing, not even how long the token is.
    return timingSafeEqual(sha256(utf8(token)), this.#digest) || this.#sessions.admits(token) || (opensSession && this.#sessions.knows(token));
  }
}

/** What a request bears to be let in; undefined when there is nothing of the kind. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return BEARER.exec(headers.authorization ?? "")?.groups?.["token"];
}
