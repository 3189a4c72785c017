import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PublishRow } from "../../src/door/index.ts";
import { isSiteName } from "../../src/site/site-name.ts";
import { wordsOf } from "../api.ts";
import type { Live } from "../live.ts";
import { DropZone, PickButton } from "../parts/drop.tsx";
import { nameOf, usePeople } from "../parts/people.ts";
import { ProgressWords } from "../parts/progress.tsx";
import { Title } from "../parts/shell.tsx";
import { Shore } from "../parts/shore.tsx";
import type { Picked, Publishable } from "../picked.ts";
import { publishable, sizeOf, suggestedName } from "../picked.ts";
import type { Publishing } from "../publishing.ts";
import { currentPublishing, publish, putAway, rollBack } from "../publishing.ts";
import { hashOf } from "../route.ts";
import { texts } from "../texts.ts";
import { useProgress } from "../transfer.ts";

let chosen: Picked | undefined;

/** What was dropped or chosen on another page is published here. */
export function choose(picked: Picked): void {
  chosen = picked;
}

/** @param name of the site that gets a new version; undefined for one that is to be named */
export function PublishPage({ live, name }: { readonly live: Live; readonly name: string | undefined }): JSX.Element {
  const [picked, setPicked] = useState(chosen);
  const [publishing, setPublishing] = useState(currentPublishing);
  chosen = undefined;
  // What was chosen stays, to be published in another way.
  const back = (): void => {
    putAway();
    setPublishing(undefined);
  };
  const again = (): void => {
    back();
    setPicked(undefined);
  };
  return (
    <DropZone hint={texts.publish.drop} onPick={setPicked}>
      <Title network={live.status?.network.name}>{texts.publish.title(publishing?.name ?? name)}</Title>
      {publishing === undefined ? (
        <>
          <p class="lead">{texts.publish.about}</p>
          <div class={picked === undefined ? "target" : "target small"}>
            {picked === undefined ? <Shore /> : null}
            <p class="soft">{texts.publish.orDrop}</p>
            <p class="actions"><PickButton kind="folder" label={texts.publish.folder} isQuiet={picked !== undefined} onPick={setPicked} /><PickButton kind="files" label={texts.publish.file} isQuiet onPick={setPicked} /></p>
          </div>
          {picked === undefined ? null : <Chosen picked={picked} live={live} name={name} onGo={setPublishing} />}
        </>
      ) : (
        <Under publishing={publishing} onBack={picked === undefined ? undefined : back} onAgain={again} />
      )}
    </DropZone>
  );
}

function Chosen({ picked, live, name, onGo }: { readonly picked: Picked; readonly live: Live; readonly name: string | undefined; readonly onGo: (publishing: Publishing) => void }): JSX.Element {
  const [typed, setTyped] = useState(name ?? suggestedName(picked));
  const [found, setFound] = useState<Publishable>();
  const people = usePeople(live.status?.host.name);
  useEffect(() => {
    setFound(undefined);
    if (name === undefined) setTyped(suggestedName(picked));
    void publishable(picked).then(setFound);
  }, [picked]);
  if (found === undefined) return <p>{texts.loading}</p>;
  const isName = isSiteName(typed);
  const there = live.sites.find((site) => site.name === typed);
  const isTaken = there !== undefined && people?.self !== undefined && there.owner !== people.self.id;
  const isReady = isName && !isTaken && found.files.length > 0;
  const hasIndex = found.files.some(({ path }) => path === "index.html");
  return (
    <form class="steps" onSubmit={(event) => event.preventDefault()}>
      <p>{texts.publish.found(picked.name, found.files.length, sizeOf(found.files))} {hasIndex || !picked.isFolder ? "" : texts.publish.noIndex}</p>
      {found.doubtful === undefined ? null : <p class="notice">{texts.publish.doubtful(found.doubtful)}</p>}
      {name === undefined ? <p><label for="name">{texts.publish.name}</label><br /><input id="name" value={typed} autocomplete="off" spellcheck={false} aria-describedby="address" onInput={(event) => setTyped(event.currentTarget.value.toLowerCase())} /></p> : null}
      <p id="address" class="soft">{!isName ? texts.publish.badName : isTaken ? texts.publish.taken(typed, nameOf(people, there.owner)) : texts.publish.address(typed, live.status?.httpPort ?? 0, there !== undefined && there.head !== null)}</p>
      <p class="actions">
        <button disabled={!isReady} onClick={() => onGo(publish(typed, found.files, false))}>{texts.publish.go}</button>
        <button class="quiet" disabled={!isReady} onClick={() => onGo(publish(typed, found.files, true))}>{texts.publish.preview}</button>
      </p>
    </form>
  );
}

function Under({ publishing, onBack, onAgain }: { readonly publishing: Publishing; readonly onBack: (() => void) | undefined; readonly onAgain: () => void }): JSX.Element | null {
  const progress = useProgress(publishing.transfer);
  if (progress === undefined) return null;
  if (progress.phase === "cancelled" || progress.phase === "unsure") return <><p class="lead">{progress.phase === "cancelled" ? texts.publish.cancelled : texts.publish.unsure}</p><p class="actions">{onBack === undefined ? null : <button onClick={onBack}>{texts.publish.back}</button>}<button class={onBack === undefined ? "" : "quiet"} onClick={onAgain}>{texts.publish.again}</button></p></>;
  if (progress.result === undefined) return <ProgressWords transfer={publishing.transfer} progress={progress} />;
  return <Published row={progress.result} sent={progress.totalFiles} isPreview={publishing.isPreview} onAgain={onAgain} />;
}

function Published({ row, sent, isPreview, onAgain }: { readonly row: PublishRow; readonly sent: number; readonly isPreview: boolean; readonly onAgain: () => void }): JSX.Element {
  const [shown, setShown] = useState(isPreview ? undefined : row);
  const [error, setError] = useState<string>();
  const show = (): void => void rollBack(row.site.name, row.head.sequence).then(setShown, (thrown: unknown) => setError(wordsOf(thrown)));
  const { site } = row;
  if (shown === undefined) {
    return (
      <>
        <p class="lead" role="status">{texts.publish.previewed(row.head.sequence, site.name)}</p>
        <p class="actions"><a class="button" href={row.address} target="_blank" rel="noopener">{texts.publish.look}</a><button onClick={show}>{texts.publish.showAll}</button><button class="quiet" onClick={onAgain}>{texts.publish.again}</button></p>
        {error === undefined ? null : <p class="error" role="alert">{error}</p>}
      </>
    );
  }
  return (
    <>
      <p class="lead" role="status">{texts.publish.done(shown)}</p>
      {sent < row.head.files ? <p class="soft">{texts.publish.sent(sent)}</p> : null}
      <p class="actions"><a class="button" href={site.address} target="_blank" rel="noopener">{texts.publish.open(site.name)}</a><a class="button quiet" href={hashOf("sites", site.name)}>{texts.sites.details(site.name)}</a><button class="quiet" onClick={onAgain}>{texts.publish.again}</button></p>
    </>
  );
}
