import type { Node } from "../port.ts";
import type { ValueOf } from "../schema.ts";
import { body, list, object, text } from "../schema.ts";
import { DoorError } from "../errors.ts";
import type { Route } from "./route.ts";
import { ok } from "./route.ts";

/** The demo's supervisor, which runs all hosts of the network on this machine: it takes one away and brings it back. */
export interface DemoSwitch {
  /** @param host its name. Does not wait until it is done. */
  plug(host: string, isPlugged: boolean): void;
  /** Links that open the Browsers of the other hosts that run, once each. @throws PlatformError DEADLINE */
  links(): Promise<readonly DemoLink[]>;
}

const DemoLink = object({ host: text, link: { type: "string", description: "opens its Browser once, within a day" } }, { $id: "DemoLink" });
export type DemoLink = ValueOf<typeof DemoLink>;

const Plugging = body({ isPlugged: { type: "boolean" } }, { $id: "Plugging" });
const Demo = object({ isDemo: { type: "boolean", description: "hosts can be unplugged and plugged in from here" } }, { $id: "Demo" });

/** What only the demo has. Elsewhere no page can take a host away. */
export function demoRoutes(node: Node, demo: DemoSwitch | undefined): readonly Route[] {
  const asked: Route = { method: "GET", path: "/api/demo", name: "demo", summary: "Whether this network is the demo's, all on one machine", gives: { 200: { description: "Whether it is", schema: Demo } }, handle: () => ok({ isDemo: demo !== undefined }) };
  if (demo === undefined) return [asked];
  return [asked, {
    method: "PUT",
    path: "/api/demo/hosts/{name}",
    name: "plugHost",
    summary: "Take a host of the demo away as a power cut does, or bring it back",
    takes: Plugging,
    gives: { 202: { description: "The demo's supervisor was told", schema: Demo } },
    handle: (call) => {
      const name = call.param("name");
      if (!node.hosts().some((host) => host.name === name)) throw new DoorError("BAD_REQUEST", `There is no host ${JSON.stringify(name)} in the demo.`);
      demo.plug(name, call.body<{ isPlugged: boolean }>().isPlugged);
      return { status: 202, json: { isDemo: true } };
    },
  }, {
    method: "POST",
    path: "/api/demo/links",
    name: "demoLinks",
    summary: "Make links into the Browsers of the demo's other hosts, for when this one is taken away",
    gives: { 201: { description: "A link for each that runs", schema: object({ links: list(DemoLink) }) } },
    handle: async () => ({ status: 201, json: { links: await demo.links() } }),
  }];
}
