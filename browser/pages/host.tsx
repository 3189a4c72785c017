import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { HostRow, PartingRow } from "../../src/door/index.ts";
import { drainWords, lossWords } from "../../src/cli/parting.ts";
import { ask, askJson } from "../api.ts";
import type { Live } from "../live.ts";
import { useAsked } from "../parts/asked.ts";
import { Confirm } from "../parts/dialog.tsx";
import { useNow } from "../parts/now.ts";
import { Title } from "../parts/shell.tsx";
import { goTo, hashOf } from "../route.ts";
import { texts } from "../texts.ts";
import { Offer } from "./offer.tsx";

type Question = "drain" | "fill" | "remove" | "leave";

const LOOK_EVERY_MS = 5_000;

export function HostPage({ live, id }: { readonly live: Live; readonly id: string }): JSX.Element {
  const nowMs = useNow();
  const host = live.hosts.find((each) => each.id === id);
  const network = live.status?.network.name;
  if (host === undefined) return live.line === "opening" ? <p class="soft">{texts.loading}</p> : <><Title network={network}>{texts.host.none}</Title><p><a href={hashOf("hosts")}>{texts.host.back}</a></p></>;
  const facts = texts.host.facts(host, nowMs, live.status?.coordinator?.host === host.id);
  return (
    <>
      <p class="soft"><a href={hashOf("hosts")}>{texts.host.back}</a></p>
      <Title network={network}>{host.name}</Title>
      <p class="lead">{texts.host.lead(host, nowMs)}</p>
      <dl>{facts.map(([title, words]) => <div key={title}><dt>{title}</dt><dd>{words}</dd></div>)}</dl>
      {host.isSelf ? <Offer host={host} /> : null}
      <Parting key={host.id} host={host} />
    </>
  );
}

function Parting({ host }: { readonly host: HostRow }): JSX.Element {
  const [question, setQuestion] = useState<Question>();
  const parting = useAsked((signal) => askJson<PartingRow>("GET", `/hosts/${host.id}/parting`, { signal }), [host.isDraining], LOOK_EVERY_MS);
  const losses = parting.value === undefined ? undefined : lossWords(parting.value);
  const problem = parting.error === undefined ? null : <p class="error" role="alert">{parting.error}</p>;
  return (
    <section>
      <h2>{texts.host.partTitle}</h2>
      <p class="actions">
        <button class="quiet" onClick={() => setQuestion(host.isDraining ? "fill" : "drain")}>{host.isDraining ? texts.host.fill : texts.host.drain}</button>
        {host.isSelf ? <button class="quiet grave" onClick={() => setQuestion("leave")}>{texts.host.leave}</button> : <button class="quiet grave" onClick={() => setQuestion("remove")}>{texts.host.remove(host.name)}</button>}
      </p>
      {/* Below the buttons: what comes later must not move them from under somebody's finger. */}
      <p>{parting.value === undefined ? texts.host.uncounted(host.name) : host.isDraining ? drainWords(parting.value) : losses === "" ? texts.host.noLoss(host.name) : losses}</p>
      {problem}
      {question === undefined ? null : <Asked host={host} question={question} losses={losses} problem={problem} onClose={() => setQuestion(undefined)} />}
    </section>
  );
}

function Asked({ host, question, losses, problem, onClose }: { readonly host: HostRow; readonly question: Question; readonly losses: string | undefined; readonly problem: JSX.Element | null; readonly onClose: () => void }): JSX.Element {
  const { title, about, yes } = texts.host.ask(question, host.name, losses);
  return (
    <Confirm title={title} action={yes} isGrave={question === "remove" || question === "leave"} isWaiting={question === "remove" && losses === undefined} onYes={() => answer(host, question)} onClose={onClose}>
      <p>{about}</p>
      {losses === undefined ? problem : null}
    </Confirm>
  );
}

async function answer({ id }: HostRow, question: Question): Promise<void> {
  switch (question) {
    case "drain":
    case "fill":
      await ask("PUT", `/hosts/${id}/draining`, { json: { isDraining: question === "drain" } });
      return;
    case "remove":
      await ask("DELETE", `/hosts/${id}`);
      goTo("hosts");
      return;
    case "leave":
      await ask("POST", "/leave", { json: { isNow: false } });
  }
}
