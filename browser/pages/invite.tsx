import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CreatedInvite, InviteRow } from "../../src/door/index.ts";
import { askJson, wordsOf } from "../api.ts";
import type { Live } from "../live.ts";
import { Applicants, VisitApplicant } from "../parts/applicants.tsx";
import { useAsked } from "../parts/asked.ts";
import { useNow } from "../parts/now.ts";
import { QrCode } from "../parts/qr.tsx";
import { Title } from "../parts/shell.tsx";
import { texts } from "../texts.ts";

const HOUR_MS = 3_600_000;
const EXPIRIES_MS = [HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS] as const;

export function InvitePage({ live }: { readonly live: Live }): JSX.Element {
  const [made, setMade] = useState<CreatedInvite>();
  const network = live.status?.network.name ?? "";
  const members = live.hosts.length;
  const invites = useAsked(async (signal) => (await askJson<{ invites: InviteRow[] }>("GET", "/invites", { signal })).invites, [members, made]);
  return (
    <>
      <Title network={network}>{texts.invite.title(network)}</Title>
      <Applicants live={live} />
      {made === undefined ? <Ask onMade={setMade} /> : <Made network={network} made={made} onAgain={() => setMade(undefined)} />}
      <VisitApplicant />
      <Earlier invites={invites.value ?? []} />
    </>
  );
}

function Ask({ onMade }: { readonly onMade: (made: CreatedInvite) => void }): JSX.Element {
  const [expiresInMs, setExpires] = useState<number>(EXPIRIES_MS[2]);
  const [zone, setZone] = useState("");
  const [error, setError] = useState<string>();
  const go = (event: Event): void => {
    event.preventDefault();
    const json = { expiresInMs, ...(zone.trim() === "" ? {} : { zone: zone.trim() }) };
    void askJson<CreatedInvite>("POST", "/invites", { json }).then(onMade, (thrown: unknown) => setError(wordsOf(thrown)));
  };
  return (
    <form class="steps" onSubmit={go}>
      <p>{texts.invite.about}</p>
      <p><label for="expires">{texts.invite.expires}</label><br /><select id="expires" value={String(expiresInMs)} onChange={(event) => setExpires(Number(event.currentTarget.value))}>{EXPIRIES_MS.map((ms) => <option key={ms} value={String(ms)}>{texts.invite.within(ms)}</option>)}</select></p>
      <p><label for="zone">{texts.invite.zone}</label><br /><input id="zone" value={zone} maxLength={64} aria-describedby="zone-about" onInput={(event) => setZone(event.currentTarget.value)} /><br /><span id="zone-about" class="soft">{texts.invite.zoneAbout}</span></p>
      <p class="actions"><button>{texts.invite.make}</button></p>
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
    </form>
  );
}

function Made({ network, made, onAgain }: { readonly network: string; readonly made: CreatedInvite; readonly onAgain: () => void }): JSX.Element {
  const nowMs = useNow();
  const [isCopied, setCopied] = useState(false);
  const message = texts.invite.message(network, made.code, made.words, made.invite.expiresMs - nowMs);
  return (
    <>
      <p class="lead" role="status">{texts.invite.made}</p>
      <div class="letter">
        <pre tabIndex={0}>{message}</pre>
        <QrCode text={made.code} label={texts.invite.qr} />
      </div>
      <p class="actions"><button onClick={() => void navigator.clipboard.writeText(message).then(() => setCopied(true))}>{isCopied ? texts.copied : texts.invite.copy}</button><button class="quiet" onClick={onAgain}>{texts.invite.again}</button></p>
      <p>{texts.invite.words(made.words)}</p>
    </>
  );
}

function Earlier({ invites }: { readonly invites: readonly InviteRow[] }): JSX.Element | null {
  const nowMs = useNow();
  if (invites.length === 0) return null;
  return (
    <section>
      <h2>{texts.invite.earlier}</h2>
      <ul class="rows small">{invites.toSorted((a, b) => b.expiresMs - a.expiresMs).map((invite) => <li key={invite.id}><span class={`dot ${invite.state === "open" ? "online" : "idle"}`} /><span class="main">{texts.invite.state(invite, nowMs)}</span></li>)}</ul>
    </section>
  );
}
