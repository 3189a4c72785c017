import type { IncomingMessage, ServerResponse } from "node:http";
import { TrieRouter } from "hono/router/trie-router";
import type { Env } from "../../platform/index.ts";
import { codeOf } from "../../platform/index.ts";
import { DoorError, toldOf } from "../errors.ts";
import { parsePath } from "../gateway/path.ts";
import type { HostRoute } from "../host-route.ts";
import type { RequestHead } from "../request-head.ts";
import { httpStatusOf } from "../status.ts";
import type { Traffic } from "../traffic.ts";
import { withoutCode } from "./downloads.ts";
import type { Guard } from "./guard.ts";
import { readJson } from "./json-body.ts";
import { openApi } from "./openapi.ts";
import type { Answer, Route } from "./route.ts";
import { ok } from "./route.ts";

/** How long a connection may be silent: a slow upload or a long commit is not cut off. */
const SILENCE_MS = 10 * 60_000;
const RETRY_AFTER_SECONDS = "5";

/** The routes of one path, by method. */
type Place = ReadonlyMap<string, Route>;

/**
 * The API for the command line: guard, routes, JSON. Hono's router finds the route; its Request and Response objects are not used, because
 * the first of them makes Node load fetch, which costs an idle host 20 MB, and because files go past them as node:http's streams anyway.
 */
export class Api {
  readonly #env: Env;
  readonly #guard: Guard;
  readonly #traffic: Traffic;
  readonly #router = new TrieRouter<Place>();

  constructor(env: Env, guard: Guard, traffic: Traffic, version: string, routes: readonly Route[]) {
    this.#env = env;
    this.#guard = guard;
    this.#traffic = traffic;
    const byPath = Map.groupBy([...routes, describing(version, routes)], (route) => route.path);
    for (const [path, here] of byPath) this.#router.add("ALL", routerPath(path), new Map(here.map((route) => [route.method, route])));
  }

  /** @param target path and query, as they came */
  async handle(incoming: IncomingMessage, outgoing: ServerResponse, target: string, head: RequestHead, host: HostRoute): Promise<void> {
    incoming.socket.setTimeout(SILENCE_MS);
    try {
      this.#guard.check(incoming, host, target);
    } catch (error) {
      // Whoever may not come in is not listened to any further either.
      outgoing.shouldKeepAlive = false;
      return this.#sendError(outgoing, error);
    }
    if (head.expectsContinue) outgoing.writeContinue();
    try {
      const answer = await this.#run(incoming, outgoing, target, head);
      if (answer !== "sent") this.#send(outgoing, answer.status, answer.json);
    } catch (error) {
      if (codeOf(error) === "CLIENT_GONE") return;
      if (httpStatusOf(error) >= 500) this.#env.log.warn("a request to the API failed", { path: withoutCode(target), error });
      this.#sendError(outgoing, error);
      // What is still coming is let pass, or the client would wait for it to be taken, and use the connection again after it.
      if (!incoming.complete) incoming.resume();
    }
  }

  async #run(incoming: IncomingMessage, outgoing: ServerResponse, target: string, head: RequestHead): Promise<Answer> {
    const { parts, isFolder } = parsePath(target);
    const path = `/${parts.join("/")}${isFolder ? "/" : ""}`;
    const [found] = this.#router.match("ALL", path)[0];
    if (found === undefined) throw new DoorError("NO_ROUTE", "The API has nothing here. GET /api/openapi.json says what it has.");
    const params = found[1] as Readonly<Record<string, string>>;
    const route = found[0].get(incoming.method ?? "");
    if (route === undefined) throw wrongMethod(outgoing, found[0]);
    const body = route.takes === undefined || route.takes === "bytes" ? undefined : await readJson(incoming, route.takes);
    const rest = (): string => parts.slice(route.path.split("/").length - 2).join("/");
    return route.handle({ incoming, outgoing, head, param: (name) => (name === "path" ? rest() : (params[name] ?? "")), body: <T>() => body as T });
  }

  #sendError(outgoing: ServerResponse, error: unknown): void {
    const status = httpStatusOf(error);
    const later = status === 429 || status === 503 || status === 504;
    this.#send(outgoing, status, toldOf(error), status === 401 ? ["WWW-Authenticate", "Bearer"] : later ? ["Retry-After", RETRY_AFTER_SECONDS] : []);
  }

  #send(outgoing: ServerResponse, status: number, json: unknown, headers: readonly string[] = []): void {
    if (outgoing.headersSent || outgoing.destroyed) return;
    const text = Buffer.from(`${JSON.stringify(json)}\n`);
    const fixed = ["Content-Type", "application/json", "Content-Length", String(text.length), "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff", "Cross-Origin-Resource-Policy", "same-origin"];
    const allow = outgoing.getHeader("Allow");
    if (typeof allow === "string") fixed.push("Allow", allow);
    outgoing.writeHead(status, [...fixed, ...headers]);
    outgoing.end(text);
    this.#traffic.count(status, text.length);
  }
}

function wrongMethod(outgoing: ServerResponse, place: Place): DoorError {
  const allowed = [...place.keys()].join(", ");
  outgoing.setHeader("Allow", allowed);
  return new DoorError("WRONG_METHOD", `This can be asked with ${allowed} only.`);
}

function describing(version: string, routes: readonly Route[]): Route {
  const description = openApi(routes, version);
  return { method: "GET", path: "/api/openapi.json", name: "openapi", summary: "This description", gives: { 200: { description: "OpenAPI 3.1" } }, handle: () => ok(description) };
}

/** "/api/sites/{name}/content/{path}" as Hono's routers write it. */
function routerPath(path: string): string {
  return path.replace(/\/\{path\}$/, "/*").replaceAll(/\{(\w+)\}/g, ":$1");
}
