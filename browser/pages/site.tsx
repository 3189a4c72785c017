import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { HeadRow, MirrorsRow, SiteRow } from "../../src/door/index.ts";
import { ask, askJson, wordsOf } from "../api.ts";
import type { Live } from "../live.ts";
import { useAsked } from "../parts/asked.ts";
import { CopyText } from "../parts/copy.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { useNow } from "../parts/now.ts";
import { usePeople } from "../parts/people.ts";
import { QrCode } from "../parts/qr.tsx";
import { Rows } from "../parts/rows.tsx";
import { Title } from "../parts/shell.tsx";
import { rollBack } from "../publishing.ts";
import { goTo, hashOf } from "../route.ts";
import { texts } from "../texts.ts";
import { Domains } from "./domains.tsx";

export function SitePage({ live, name }: { readonly live: Live; readonly name: string }): JSX.Element {
  const site = live.sites.find((each) => each.name === name);
  const network = live.status?.network.name;
  const host = live.status?.host.name;
  const people = usePeople(host, [site?.owner]);
  if (site === undefined) {
    return live.line === "opening" ? <p>{texts.loading}</p> : <><Title network={network}>{texts.site.none(name)}</Title><p>{texts.site.noneMore}</p><p class="actions"><a class="button" href={hashOf("publish", name)}>{texts.site.publishUnder(name)}</a></p></>;
  }
  const owner = people?.all.find(({ id }) => id === site.owner);
  // Nobody else can change it.
  const isOwn = owner !== undefined && owner === people?.self;
  return (
    <>
      <Title network={network}>{name}</Title>
      <p class="lead">{texts.site.survives(site)}</p>
      <p class="actions">
        {site.head === null ? null : <a class="button" href={site.address} target="_blank" rel="noopener">{texts.sites.open}</a>}
        {isOwn ? <a class="button quiet" href={hashOf("publish", name)}>{texts.site.newVersion}</a> : null}
      </p>
      <p>{texts.site.keptBy(site.holders)} {owner === undefined ? "" : isOwn ? texts.site.own : texts.site.owner(owner.name)}</p>
      <Mirror site={site} />
      <Addresses site={site} />
      <Domains site={site.name} isOwner={isOwn} isAdministrator={people?.self?.isAdministrator === true} />
      <Versions site={site} isOwn={isOwn} />
      {isOwn ? <TakeDown site={site} /> : null}
    </>
  );
}

function Mirror({ site }: { readonly site: SiteRow }): JSX.Element | null {
  const mirrors = useAsked((signal) => askJson<MirrorsRow>("GET", "/mirrors", { signal }), [site.head?.sequence]);
  const [error, setError] = useState<string>();
  if (mirrors.value === undefined) return null;
  const { isAll, sites } = mirrors.value;
  const change = (isMirrored: boolean): void => void askJson<MirrorsRow>("PUT", "/mirrors", { json: { site: site.name, isMirrored } }).then(mirrors.again, (thrown: unknown) => setError(wordsOf(thrown)));
  return (
    <>
      <p><label><input type="checkbox" checked={isAll || sites.includes(site.name)} disabled={isAll} onChange={(event) => change(event.currentTarget.checked)} /> {texts.site.mirror}</label> {isAll ? <span class="soft">{texts.site.mirrorAll}</span> : null}</p>
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
    </>
  );
}

function Addresses({ site: { address, lanAddress } }: { readonly site: SiteRow }): JSX.Element {
  return (
    <section>
      <h2>{texts.site.addressTitle}</h2>
      <p>{texts.site.here} <CopyText text={address} /></p>
      {lanAddress === null ? <p class="soft">{texts.site.noLan}</p> : <><p>{texts.site.lan} <CopyText text={lanAddress} /></p><QrCode text={lanAddress} label={texts.site.qr(lanAddress)} /></>}
    </section>
  );
}

function Versions({ site, isOwn }: { readonly site: SiteRow; readonly isOwn: boolean }): JSX.Element | null {
  const nowMs = useNow();
  const [asked, setAsked] = useState<HeadRow>();
  const history = useAsked(async (signal) => (await askJson<{ history: HeadRow[] }>("GET", `/sites/${encodeURIComponent(site.name)}/history`, { signal })).history, [site.head?.sequence]);
  if (history.value === undefined || history.value.length === 0) return null;
  const { hostname, port } = new URL(site.address);
  return (
    <section>
      <h2>{texts.site.historyTitle}</h2>
      <Rows
        rows={history.value}
        keyOf={({ sequence }) => String(sequence)}
        draw={(head) => (
          <>
            <span class="main"><b>{texts.site.version(head.sequence, head.sequence === site.head?.sequence)}</b><span class="soft">{texts.site.versionAbout(head, nowMs)}</span></span>
            <a class="quiet" href={`http://${head.sequence}.${hostname}:${port}/`} target="_blank" rel="noopener">{texts.site.lookAt(head.sequence)}</a>
            {!isOwn || head.sequence === site.head?.sequence ? null : <button class="plain" onClick={() => setAsked(head)}>{texts.site.makeCurrent(head.sequence)}</button>}
          </>
        )}
      />
      {asked === undefined ? null : <Confirm title={texts.site.rollBackTitle(asked.sequence, site.name)} action={texts.site.rollBackYes} onYes={async () => void (await rollBack(site.name, asked.sequence))} onClose={() => setAsked(undefined)}><p>{texts.site.rollBackAbout(asked.sequence)}</p></Confirm>}
    </section>
  );
}

function TakeDown({ site }: { readonly site: SiteRow }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  const yes = async (): Promise<void> => {
    await ask("DELETE", `/sites/${encodeURIComponent(site.name)}`);
    goTo("sites");
  };
  return (
    <section>
      <h2>{texts.site.downTitle}</h2>
      <p>{texts.site.downAbout}</p>
      <p><button class="quiet grave" onClick={() => setAsked(true)}>{texts.site.down(site.name)}</button></p>
      {isAsked ? <Confirm title={texts.site.downAsk(site.name)} action={texts.site.downYes} isGrave onYes={yes} onClose={() => setAsked(false)}><p>{texts.site.downWarning(site)}</p></Confirm> : null}
    </section>
  );
}
