import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { inGroups } from "../../src/cli/nearby-words.ts";
import type { AskedSponsor, SetupDone, SetupFacts, SetupInvite, SetupNearby } from "../../src/door/index.ts";
import { ask, askJson, wordsOf } from "../api.ts";
import { bytesOf, gigabytesOf } from "../gigabytes.ts";
import { codeIn, linkedCode } from "../join-link.ts";
import { useAsked } from "../parts/asked.ts";
import { Mark } from "../parts/mark.tsx";
import { Title } from "../parts/shell.tsx";
import { Shore } from "../parts/shore.tsx";
import { texts } from "../texts.ts";
import { LOOK_EVERY_MS, Nearby, Waiting, withdraw } from "./nearby.tsx";
import { Phrase } from "./phrase.tsx";

type Way = "create" | "join";

/** Where there is no host yet: creates a network or joins one, shows the recovery phrase, and starts the host. */
export function SetupPage(): JSX.Element {
  const [linked, forgetLinked] = useLinkedCode();
  const [admitted, setAdmitted] = useState<AskedSponsor>();
  const [chosenWay, setWay] = useState<Way>();
  const way = chosenWay ?? (linked === undefined && admitted === undefined ? undefined : "join");
  const [done, setDone] = useState<SetupDone>();
  const [isNoted, setNoted] = useState(false);
  const back = (): void => {
    setWay(undefined);
    forgetLinked();
    if (admitted !== undefined) void withdraw().finally(() => setAdmitted(undefined));
  };
  return (
    <>
      <header class="top"><span class="name"><Mark />{texts.setup.name}</span></header>
      <main id="page" tabIndex={-1}>{stepOf(way, done, isNoted)}</main>
    </>
  );

  function stepOf(chosen: Way | undefined, made: SetupDone | undefined, noted: boolean): JSX.Element {
    if (made !== undefined && (noted || made.phrase === null)) return <Starting networkName={made.networkName} />;
    if (made !== undefined && made.phrase !== null) return <Phrase phrase={made.phrase} onNoted={() => setNoted(true)} />;
    return chosen === undefined ? <Choose onChoose={setWay} onAdmitted={setAdmitted} /> : <Make key={linked} way={chosen} linked={admitted?.code ?? linked} admitted={admitted} onBack={back} onDone={setDone} />;
  }
}

/** Of the link that was followed last. It is taken out of the address, as one who goes back wants to choose anew. */
function useLinkedCode(): readonly [string | undefined, () => void] {
  const [code, setCode] = useState(() => linkedCode(location.hash));
  useEffect(() => {
    const take = (): void => {
      const found = linkedCode(location.hash);
      if (found !== undefined) setCode(found);
      history.replaceState(null, "", "/");
    };
    take();
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);
  return [code, () => setCode(undefined)];
}

function Choose({ onChoose, onAdmitted }: { readonly onChoose: (way: Way) => void; readonly onAdmitted: (asked: AskedSponsor) => void }): JSX.Element {
  const facts = useAsked((signal) => askJson<SetupFacts>("GET", "/setup", { signal }), []);
  const nearby = useAsked((signal) => askJson<SetupNearby>("GET", "/setup/nearby", { signal }), [], LOOK_EVERY_MS);
  const asked = nearby.value?.asked ?? undefined;
  useEffect(() => {
    if (asked?.state === "admitted") onAdmitted(asked);
  }, [asked?.state]);
  if (asked?.state === "asking" || asked?.state === "waiting") return <Waiting asked={asked} onWithdrawn={nearby.again} />;
  return (
    <>
      <Shore />
      <Title>{texts.setup.title}</Title>
      <p class="lead">{texts.setup.about}</p>
      <div class="ways">
        <section><h2>{texts.setup.create}</h2><p>{texts.setup.createAbout}</p><p><button onClick={() => onChoose("create")}>{texts.setup.create}</button></p></section>
        <section><h2>{texts.setup.join}</h2><p>{texts.setup.joinAbout}</p><p><button onClick={() => onChoose("join")}>{texts.setup.join}</button></p></section>
      </div>
      {nearby.value === undefined || facts.value === undefined ? null : <Nearby nearby={nearby.value} hostName={facts.value.host} onAsked={nearby.again} />}
    </>
  );
}

function Make({ way, linked, admitted, onBack, onDone }: { readonly way: Way; readonly linked: string | undefined; readonly admitted: AskedSponsor | undefined; readonly onBack: () => void; readonly onDone: (done: SetupDone) => void }): JSX.Element {
  const facts = useAsked((signal) => askJson<SetupFacts>("GET", "/setup", { signal }), []);
  const [code, setCode] = useState(linked ?? "");
  const [invite, setInvite] = useState<SetupInvite>();
  const [error, setError] = useState<string>();
  const fail = (thrown: unknown): void => setError(wordsOf(thrown));
  const read = (): void => {
    setError(undefined);
    void askJson<SetupInvite>("POST", "/setup/invite", { json: { code: codeIn(code) } }).then(setInvite, fail);
  };
  useEffect(() => {
    if (way === "join" && linked !== undefined) read();
  }, []);
  if (facts.value === undefined) return <p class="soft">{facts.error ?? texts.loading}</p>;
  const isAsking = way === "join" && invite === undefined;
  return (
    <>
      <Title>{way === "create" ? texts.setup.create : admitted === undefined ? texts.setup.join : texts.nearby.join(admitted.network)}</Title>
      {isAsking ? (
        <form class="steps" onSubmit={(event) => { event.preventDefault(); read(); }}>
          <p><label for="code">{texts.setup.code}</label><br /><textarea id="code" rows={4} value={code} spellcheck={false} onInput={(event) => setCode(event.currentTarget.value)} /></p>
          <p class="actions"><button disabled={code.trim() === ""}>{texts.setup.readCode}</button><button type="button" class="quiet" onClick={onBack}>{texts.setup.back}</button></p>
        </form>
      ) : (
        <>
          {invite === undefined ? null : <p class="notice">{admitted === undefined ? texts.setup.invite(invite.networkName, invite.checkWords) : texts.nearby.admitted(admitted.host, inGroups(admitted.digits ?? ""))}</p>}
          <HostForm way={way} facts={facts.value} name={admitted?.name ?? ""} code={codeIn(code)} onBack={onBack} onDone={onDone} />
        </>
      )}
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
    </>
  );
}

function HostForm({ way, facts, name, code, onBack, onDone }: { readonly way: Way; readonly facts: SetupFacts; readonly name: string; readonly code: string; readonly onBack: () => void; readonly onDone: (done: SetupDone) => void }): JSX.Element {
  const [network, setNetwork] = useState("");
  const [host, setHost] = useState(name);
  const [folder, setFolder] = useState(facts.folder);
  const [gigabytes, setGigabytes] = useState(gigabytesOf(Math.max(1e9, facts.freeBytes / 2)));
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const capacityBytes = bytesOf(gigabytes);
  const isReady = host.trim() !== "" && (way === "join" || network.trim() !== "") && folder.trim() !== "" && capacityBytes > 0;
  const go = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    const json = { host: host.trim(), folder: folder.trim(), capacityBytes, ...(way === "create" ? { network: network.trim() } : { code }) };
    void askJson<SetupDone>("POST", `/setup/${way}`, { json }).then(onDone, (thrown: unknown) => setError(wordsOf(thrown))).finally(() => setBusy(false));
  };
  return (
    <form class="steps" onSubmit={go}>
      {way === "create" ? <Field id="network" label={texts.setup.network} about={texts.setup.networkAbout} value={network} onType={setNetwork} /> : null}
      <Field id="host" label={texts.setup.host} about={texts.setup.hostAbout} value={host} onType={setHost} />
      <Field id="folder" label={texts.setup.folder} about={texts.setup.folderAbout} value={folder} onType={setFolder} />
      <Field id="capacity" label={texts.setup.capacity} about={texts.setup.capacityAbout(facts.freeBytes)} value={gigabytes} onType={setGigabytes} />
      <p class="actions"><button disabled={!isReady || isBusy}>{isBusy ? texts.loading : way === "create" ? texts.setup.createNow : texts.setup.joinNow}</button><button type="button" class="quiet" onClick={onBack}>{texts.setup.back}</button></p>
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
    </form>
  );
}

function Field({ id, label, about, value, onType }: { readonly id: string; readonly label: string; readonly about: string; readonly value: string; readonly onType: (typed: string) => void }): JSX.Element {
  return <p><label for={id}>{label}</label><br /><input id={id} value={value} autocomplete="off" spellcheck={false} aria-describedby={`${id}-about`} onInput={(event) => onType(event.currentTarget.value)} /><br /><span id={`${id}-about`} class="soft">{about}</span></p>;
}

const LOOK_MS = 300;

/** Waits for the host, which comes up where this page is, and goes on in its Browser. */
function Starting({ networkName }: { readonly networkName: string }): JSX.Element {
  useEffect(() => {
    void ask("POST", "/setup/start").then(async () => {
      for (;;) {
        const answer = await fetch("/health").catch(() => undefined);
        if (answer?.ok === true) return location.replace("/");
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    });
  }, []);
  return <><Shore /><Title>{texts.setup.starting(networkName)}</Title><p class="lead" role="status">{texts.setup.startingAbout}</p></>;
}
