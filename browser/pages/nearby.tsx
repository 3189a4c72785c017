import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { AskedSponsor, SetupNearby, SponsorRow } from "../../src/door/index.ts";
import { ask, wordsOf } from "../api.ts";
import { Digits } from "../parts/digits.tsx";
import { Title } from "../parts/shell.tsx";
import { Shore } from "../parts/shore.tsx";
import { texts } from "../texts.ts";

export const LOOK_EVERY_MS = 1_000;

/** Asks no longer, and forgets what was answered. */
export async function withdraw(): Promise<void> {
  await ask("DELETE", "/setup/nearby/asked");
}

/** Hosts of the local network, one click from asking; and what became of the question before. */
export function Nearby({ nearby: { sponsors, asked, addresses }, hostName, onAsked }: { readonly nearby: SetupNearby; readonly hostName: string; readonly onAsked: () => void }): JSX.Element {
  const [name, setName] = useState(asked?.name ?? hostName);
  const [error, setError] = useState<string>();
  const go = ({ id }: SponsorRow): void => {
    setError(undefined);
    void ask("POST", `/setup/nearby/${id}/ask`, { json: { host: name.trim() } }).then(onAsked, (thrown: unknown) => setError(wordsOf(thrown)));
  };
  return (
    <section>
      <h2>{texts.nearby.title}</h2>
      <div role="status">
        {asked === null || asked.state === "admitted" ? null : <p class="notice">{texts.nearby.ended(asked.host, asked.state)}</p>}
        <p>{sponsors.length === 0 ? texts.nearby.none : texts.nearby.about}</p>
      </div>
      {sponsors.length === 0 ? null : (
        <>
          <ul class="rows">
            {sponsors.map((sponsor) => (
              <li key={sponsor.id}>
                <span class="main"><span class="strong">{sponsor.host}</span><span class="soft">{texts.nearby.network(sponsor.network)}</span></span>
                <button class="quiet" disabled={name.trim() === ""} onClick={() => go(sponsor)}>{texts.nearby.ask(sponsor.host)}</button>
              </li>
            ))}
          </ul>
          <p class="line as"><label for="as">{texts.nearby.as}</label> <input id="as" value={name} maxLength={40} autocomplete="off" spellcheck={false} onInput={(event) => setName(event.currentTarget.value)} /></p>
        </>
      )}
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
      {addresses[0] === undefined ? null : <p class="soft">{texts.nearby.elsewhere(addresses[0])}</p>}
    </section>
  );
}

/** While the person at the other host has not answered. */
export function Waiting({ asked: { host, network, digits }, onWithdrawn }: { readonly asked: AskedSponsor; readonly onWithdrawn: () => void }): JSX.Element {
  return (
    <>
      <Shore />
      <Title>{texts.nearby.asked(host, network)}</Title>
      <div role="status">
        {digits === null ? <p class="lead">{texts.loading}</p> : (
          <>
            <p class="lead">{texts.nearby.compare(host)}</p>
            <Digits digits={digits} />
            <p>{texts.nearby.differ}</p>
          </>
        )}
      </div>
      <p class="actions"><button class="quiet" onClick={() => void withdraw().then(onWithdrawn, onWithdrawn)}>{texts.nearby.withdraw}</button></p>
    </>
  );
}
