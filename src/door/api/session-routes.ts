import type { Sessions } from "../browser/sessions.ts";
import { DoorError } from "../errors.ts";
import { object } from "../schema.ts";
import { SESSIONS_PATH, bearerOf } from "./guard.ts";
import type { Route } from "./route.ts";

const Opened = object({ token: { type: "string", description: "opens the API, also after a restart of the host" } }, { $id: "Opened" });
const BrowserLink = object({ link: { type: "string", description: "opens the Browser once, within a day" } }, { $id: "BrowserLink" });

/** The address of the Browser with a code in it that opens one session. What stands behind the # is sent to nobody. */
export function browserLink(sessions: Sessions, port: number): string {
  return `http://127.0.0.1:${port}/#open=${sessions.invite()}`;
}

/** How a web browser comes by the right to use the API, without cookies. */
export function sessionRoutes(sessions: Sessions, port: number): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/links",
      name: "createLink",
      summary: "Make a link with which a web browser on this machine opens the Browser",
      gives: { 201: { description: "The link; whoever has it may do what this host's person may", schema: BrowserLink } },
      handle: () => ({ status: 201, json: { link: browserLink(sessions, port) } }),
    },
    {
      method: "POST",
      path: SESSIONS_PATH,
      name: "openSession",
      summary: "Exchange the code of a link, sent as Authorization: Bearer CODE, for a token; each code works once",
      gives: { 201: { description: "The session's token", schema: Opened } },
      handle: (call) => {
        const token = sessions.open(bearerOf(call.incoming) ?? "");
        if (token === undefined) throw new DoorError("WRONG_TOKEN", 'That is no code of a link, or it was used. "holdfast browser" makes a new link.');
        return { status: 201, json: { token } };
      },
    },
  ];
}
