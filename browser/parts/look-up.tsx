import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SearchRow } from "../../src/door/index.ts";
import { askJson } from "../api.ts";
import type { Live } from "../live.ts";
import { hashOf } from "../route.ts";
import { texts } from "../texts.ts";

/** Between the last letter and the question to the host; names of sites are here already and wait for nobody. */
const PAUSE_MS = 120;
const SITES_MAX = 6;
const ADDRESS = /^(?:http:\/\/)?(?:\d+\.)?[a-z0-9-]+\.localhost(?::\d+)?(?:\/.*)?$/;

interface Found {
  readonly title: string;
  readonly about: string;
  readonly href: string;
}

/** Where one types what one looks for: results as one types, from this host's own records. */
export function LookUp({ live }: { readonly live: Live }): JSX.Element {
  const [typed, setTyped] = useState("");
  const [files, setFiles] = useState<SearchRow["files"]>([]);
  const [at, setAt] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const words = typed.trim().toLowerCase();
  useEffect(() => {
    setAt(0);
    setFiles([]);
    if (words === "") return undefined;
    const stop = new AbortController();
    const ask = (): void => void askJson<SearchRow>("POST", "/search", { json: { words }, signal: stop.signal }).then((row) => setFiles(row.files), () => {});
    const timer = setTimeout(ask, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [words]);
  const found = words === "" ? [] : [...addressed(words), ...sitesWith(live, words), ...files.map(({ site, path, title, address }) => ({ title: title ?? path, about: title === null ? site : texts.lookUp.page(site, path), href: address }))];
  const go = ({ href }: Found): void => {
    setOpen(false);
    if (href.startsWith("#")) location.hash = href;
    else open(href, "_blank", "noopener");
  };
  const onKey = (event: KeyboardEvent): void => {
    const chosen = found[at];
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Escape") setOpen(false);
    else if (event.key === "Enter" && chosen !== undefined) go(chosen);
    else return;
    event.preventDefault();
  };
  const isShown = isOpen && words !== "";
  return (
    <div class="look-up" role="search">
      <input
        type="text" role="combobox" value={typed} placeholder={texts.lookUp.placeholder} aria-label={texts.lookUp.placeholder} autocomplete="off" spellcheck={false}
        aria-expanded={isShown && found.length > 0} aria-controls="found" aria-activedescendant={isShown && found.length > 0 ? `found-${at}` : undefined}
        onInput={(event) => { setTyped(event.currentTarget.value); setOpen(true); }} onFocus={() => setOpen(true)} onBlur={() => setOpen(false)} onKeyDown={onKey}
      />
      <ul id="found" role="listbox" aria-label={texts.lookUp.found} hidden={!isShown || found.length === 0}>
        {found.map((each, index) => (
          <li key={each.href} id={`found-${index}`} role="option" aria-selected={index === at} onPointerDown={(event) => { event.preventDefault(); go(each); }}><b>{each.title}</b> <span class="soft">{each.about}</span></li>
        ))}
      </ul>
      {isShown && found.length === 0 ? <p class="nothing" role="status">{texts.lookUp.nothing(words)}</p> : null}
    </div>
  );
}

function addressed(words: string): Found[] {
  return ADDRESS.test(words) ? [{ title: words, about: texts.lookUp.address, href: words.startsWith("http://") ? words : `http://${words}` }] : [];
}

function sitesWith({ sites }: Live, words: string): Found[] {
  const rank = (name: string): number => (name === words ? 0 : name.startsWith(words) ? 1 : 2);
  const named = sites.filter(({ name, head }) => head !== null && (name.includes(words) || head.root === words)).sort((a, b) => rank(a.name) - rank(b.name));
  return named.slice(0, SITES_MAX).flatMap(({ name, address }) => [{ title: name, about: texts.lookUp.site, href: address }, { title: name, about: texts.lookUp.aboutSite, href: hashOf("sites", name) }]);
}
