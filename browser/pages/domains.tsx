import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { DomainRow } from "../../src/door/index.ts";
import { ask, askJson, wordsOf } from "../api.ts";
import { useAsked } from "../parts/asked.ts";
import { Confirm } from "../parts/dialog.tsx";
import { texts } from "../texts.ts";

/** Does what is to be done, tells of its failure, and looks anew. @returns whether it was done */
type Change = (work: () => Promise<unknown>) => Promise<boolean>;

interface DomainsOf {
  readonly site: string;
  readonly isOwner: boolean;
  readonly isAdministrator: boolean;
}

/** The site's own domains. Its owner adds and removes them; an administrator's word stands in for DNS. */
export function Domains({ site, isOwner, isAdministrator }: DomainsOf): JSX.Element | null {
  const [error, setError] = useState<string>();
  const domains = useAsked(async (signal) => (await askJson<{ domains: DomainRow[] }>("GET", "/domains", { signal })).domains.filter((each) => each.site === site), [site]);
  const change: Change = async (work) => {
    setError(undefined);
    const isDone = await work().then(() => true, (thrown: unknown) => {
      setError(wordsOf(thrown));
      return false;
    });
    domains.again();
    return isDone;
  };
  const look = (): Promise<boolean> => change(() => ask("POST", below(site)));
  // DNS may take its time, and what was said is shown before it has answered.
  const want = async (domain: string): Promise<void> => {
    if (await change(() => ask("PUT", below(site, domain)))) await look();
  };
  if (domains.value === undefined || (domains.value.length === 0 && !isOwner)) return null;
  return (
    <section>
      <h2>{texts.domains.title}</h2>
      {domains.value.length === 0 ? <p class="soft">{texts.domains.none}</p> : null}
      <ul class="rows small">{domains.value.map((row) => <DomainItem key={row.domain} row={row} mayRemove={isOwner} mayConfirm={isAdministrator} change={change} />)}</ul>
      {isOwner ? <Add onAdd={want} /> : null}
      {domains.value.length === 0 ? null : <p><button class="plain" onClick={() => void look()}>{texts.domains.look}</button></p>}
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
    </section>
  );
}

function below(site: string, domain?: string): string {
  return `/sites/${encodeURIComponent(site)}/domains${domain === undefined ? "" : `/${encodeURIComponent(domain)}`}`;
}

function DomainItem({ row: { domain, site, standing, proof }, mayRemove, mayConfirm, change }: { readonly row: DomainRow; readonly mayRemove: boolean; readonly mayConfirm: boolean; readonly change: Change }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  const isIts = standing === "proven" || standing === "confirmed";
  const give = (to: string | null): void => void change(() => ask("PUT", `/domains/${encodeURIComponent(domain)}`, { json: { site: to } }));
  return (
    <li>
      <span class={`dot ${isIts ? "online" : "away"}`} />
      <span class="main"><b>{domain}</b><span class="soft">{texts.domains.standing(standing, proof)}</span></span>
      {mayConfirm && !isIts ? <button class="plain" onClick={() => give(site)}>{texts.domains.confirm(domain)}</button> : null}
      {mayConfirm && standing === "confirmed" ? <button class="plain" onClick={() => give(null)}>{texts.domains.deny(domain)}</button> : null}
      {mayRemove ? <button class="plain" onClick={() => setAsked(true)}>{texts.domains.remove(domain)}</button> : null}
      {isAsked ? <Confirm title={texts.domains.removeAsk(domain, site)} action={texts.domains.removeYes} onYes={async () => void (await change(() => ask("DELETE", below(site, domain))))} onClose={() => setAsked(false)}><p>{texts.domains.removeAbout}</p></Confirm> : null}
    </li>
  );
}

function Add({ onAdd }: { readonly onAdd: (domain: string) => Promise<void> }): JSX.Element {
  const [typed, setTyped] = useState("");
  const go = (event: Event): void => {
    event.preventDefault();
    // What was copied from an address bar has more around it.
    void onAdd(typed.trim().replace(/^https?:\/\//i, "").replace(/\/.*$/, ""));
    setTyped("");
  };
  return (
    <form onSubmit={go}>
      <p><label for="domain">{texts.domains.add}</label></p>
      <p class="line"><input id="domain" value={typed} autocomplete="off" autocapitalize="off" spellcheck={false} placeholder="example.org" aria-describedby="domain-about" onInput={(event) => setTyped(event.currentTarget.value)} /> <button class="quiet" disabled={typed.trim() === ""}>{texts.domains.addGo}</button></p>
      <p id="domain-about" class="soft">{texts.domains.about}</p>
    </form>
  );
}
