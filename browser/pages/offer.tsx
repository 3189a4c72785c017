import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CapacityRow, HostRow } from "../../src/door/index.ts";
import { offerWords } from "../../src/cli/amounts.ts";
import { askJson, wordsOf } from "../api.ts";
import { bytesOf, gigabytesOf } from "../gigabytes.ts";
import { texts } from "../texts.ts";

/** How much of its disk the host offers that serves this page. */
export function Offer({ host }: { readonly host: HostRow }): JSX.Element {
  const [typed, setTyped] = useState(gigabytesOf(host.capacityBytes));
  const [said, setSaid] = useState<string>();
  const [error, setError] = useState<string>();
  const capacityBytes = bytesOf(typed);
  const go = (event: Event): void => {
    event.preventDefault();
    setSaid(undefined);
    setError(undefined);
    void askJson<CapacityRow>("PUT", "/capacity", { json: { capacityBytes } }).then((row) => setSaid(offerWords(row)), (thrown: unknown) => setError(wordsOf(thrown)));
  };
  return (
    <section>
      <h2>{texts.host.offerTitle}</h2>
      <form onSubmit={go}>
        <p><label for="capacity">{texts.host.offer}</label></p>
        <p class="line"><input id="capacity" inputMode="decimal" value={typed} autocomplete="off" aria-describedby="capacity-about" onInput={(event) => setTyped(event.currentTarget.value)} /> <button disabled={!(capacityBytes > 0)}>{texts.host.offerGo}</button></p>
        <p id="capacity-about" class="soft">{texts.host.offerAbout}</p>
      </form>
      {said === undefined ? null : <p role="status">{said}</p>}
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
    </section>
  );
}
