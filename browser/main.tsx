import type { JSX } from "preact";
import { render } from "preact";
import { useElsewhere } from "./elsewhere.ts";
import { linkedCode } from "./join-link.ts";
import { follow, useLive } from "./live.ts";
import "./look/browser.css";
import { EntryPage } from "./pages/entry.tsx";
import { FilesPage } from "./pages/files.tsx";
import { HasHost } from "./pages/has-host.tsx";
import { HealthPage } from "./pages/health.tsx";
import { HostPage } from "./pages/host.tsx";
import { HostsPage } from "./pages/hosts.tsx";
import { InvitePage } from "./pages/invite.tsx";
import { PublishPage } from "./pages/publish.tsx";
import { SetupPage } from "./pages/setup.tsx";
import { SitePage } from "./pages/site.tsx";
import { SitesPage } from "./pages/sites.tsx";
import { Shell, Title } from "./parts/shell.tsx";
import { Shore } from "./parts/shore.tsx";
import { hashOf, useRoute } from "./route.ts";
import { openSession } from "./session.ts";
import { texts } from "./texts.ts";

// The host's start page is a page to read. For whoever has a session, this puts the Browser in its place.

function Browser(): JSX.Element {
  const live = useLive();
  const route = useRoute();
  useElsewhere(live);
  return <Shell live={live} here={route[0]!}>{pageAt(route, live)}</Shell>;
}

function pageAt([page, name, ...path]: readonly string[], live: ReturnType<typeof useLive>): JSX.Element {
  const code = linkedCode(location.hash);
  if (code !== undefined) return <><Title>{texts.hasHost.title}</Title><HasHost code={code} /><p><a href={hashOf()}>{texts.notFound.back}</a></p></>;
  switch (page) {
    case "sites":
      return name === undefined ? <SitesPage live={live} /> : <SitePage key={name} live={live} name={name} />;
    case "publish":
      return <PublishPage key={name} live={live} name={name} />;
    case "files":
      return name === undefined ? <FilesPage live={live} /> : <EntryPage key={name} live={live} id={name} path={path.join("/")} />;
    case "hosts":
      return name === undefined ? <HostsPage live={live} /> : <HostPage key={name} live={live} id={name} />;
    case "invite":
      return <InvitePage live={live} />;
    case "health":
      return <HealthPage live={live} />;
    default:
      return <><Title>{texts.notFound.title}</Title><Shore /><p><a href={hashOf()}>{texts.notFound.back}</a></p></>;
  }
}

async function start(): Promise<void> {
  const session = await openSession();
  if (session === "open") {
    // The style of the page to read, and the page.
    document.head.querySelector("style")?.remove();
    document.documentElement.classList.add("browser");
    const isSetup = document.getElementById("setup") !== null;
    document.body.replaceChildren();
    if (isSetup) return render(<SetupPage />, document.body);
    render(<Browser />, document.body);
    await follow();
  }
  document.documentElement.classList.add("reading");
  const main = document.querySelector("main");
  if (session === "refused") main?.prepend(Object.assign(document.createElement("p"), { textContent: texts.session.refused }));
  const code = linkedCode(location.hash);
  if (code === undefined || main === null || document.getElementById("setup") !== null) return;
  const first = document.createElement("section");
  main.prepend(first);
  render(<><h2>{texts.hasHost.title}</h2><HasHost code={code} /></>, first);
}

await start();
