import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ApplicantRow } from "../../src/door/index.ts";
import { ask, wordsOf } from "../api.ts";
import type { Live } from "../live.ts";
import { texts } from "../texts.ts";

/** Machines nearby that ask to be let in, until somebody has answered. */
export function Applicants({ live: { applicants } }: { readonly live: Live }): JSX.Element {
  const [admitted, setAdmitted] = useState<string>();
  return (
    <div role="status">
      {admitted === undefined ? null : <p class="notice applicant">{texts.applicants.admitted(admitted)} <button class="plain" onClick={() => setAdmitted(undefined)}>{texts.close}</button></p>}
      {applicants.map((row) => <Applicant key={row.id} row={row} onAdmitted={() => setAdmitted(row.host)} />)}
    </div>
  );
}

function Applicant({ row, onAdmitted }: { readonly row: ApplicantRow; readonly onAdmitted: () => void }): JSX.Element {
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const digits = typed.replaceAll(/\s/g, "");
  const answer = (method: "POST" | "DELETE", path: string, onDone: () => void, json?: object): void => {
    setError(undefined);
    setBusy(true);
    // The row goes by itself, with the next news.
    void ask(method, `/applicants/${row.id}${path}`, json === undefined ? {} : { json }).then(onDone, (thrown: unknown) => {
      setError(wordsOf(thrown));
      setBusy(false);
    });
  };
  const admit = (event: Event): void => {
    event.preventDefault();
    answer("POST", "/admit", onAdmitted, { digits });
  };
  const field = `digits-${row.id}`;
  return (
    <section class="notice applicant" aria-label={texts.applicants.title(row.host)}>
      <h2>{texts.applicants.title(row.host)}</h2>
      <p>{texts.applicants.about(row.address)}</p>
      <form class="steps" onSubmit={admit}>
        <p><label for={field}>{texts.applicants.digits}</label><br /><input id={field} inputMode="numeric" value={typed} maxLength={12} autocomplete="off" placeholder="000 000" aria-describedby={error === undefined ? undefined : `${field}-error`} onInput={(event) => setTyped(event.currentTarget.value)} /></p>
        <p class="actions"><button disabled={isBusy || !/^\d{6}$/.test(digits)}>{texts.applicants.admit}</button><button type="button" class="quiet" disabled={isBusy} onClick={() => answer("DELETE", "", () => {})}>{texts.applicants.refuse}</button></p>
        {error === undefined ? null : <p id={`${field}-error`} class="error" role="alert">{error}</p>}
      </form>
    </section>
  );
}

/** For machines that do not find this host by themselves: their page shows where they are. */
export function VisitApplicant(): JSX.Element {
  const [address, setAddress] = useState("");
  const [said, setSaid] = useState<{ readonly error?: string }>();
  const [isBusy, setBusy] = useState(false);
  const go = (event: Event): void => {
    event.preventDefault();
    setSaid(undefined);
    setBusy(true);
    void ask("POST", "/applicants", { json: { address: address.trim() } }).then(() => setSaid({}), (thrown: unknown) => setSaid({ error: wordsOf(thrown) })).finally(() => setBusy(false));
  };
  return (
    <section>
      <h2>{texts.applicants.nearby}</h2>
      <p>{texts.applicants.nearbyAbout}</p>
      <form class="steps" onSubmit={go}>
        <p><label for="address">{texts.applicants.address}</label><br /><input id="address" value={address} autocomplete="off" spellcheck={false} placeholder="192.168.1.7:4281" onInput={(event) => setAddress(event.currentTarget.value)} /></p>
        <p class="actions"><button class="quiet" disabled={isBusy || address.trim() === ""}>{isBusy ? texts.loading : texts.applicants.visit}</button></p>
        {said === undefined ? null : said.error === undefined ? <p role="status">{texts.applicants.visited}</p> : <p class="error" role="alert">{said.error}</p>}
      </form>
    </section>
  );
}
