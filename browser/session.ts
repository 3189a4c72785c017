// The right to use this host from here. A link from the terminal has a code behind its #, which is exchanged once for a token; the token
// stays in this origin's storage, which the page of no site can read, and goes out as a header, never as a cookie.

const STORED = "holdfast.session";
/** A page that has come from a silent host brings along its name and where one was. */
const CODE = /^#open=([a-z2-7]{26})(?:&from=([^&]*)&at=([^&]*))?$/;

export interface Arrival {
  readonly code: string;
  /** Name of the host that fell silent; "" when one comes from nowhere. */
  readonly from: string;
  /** Where one was, as it stands behind the #. */
  readonly at: string;
}

let cameFrom = "";

/** Name of the silent host from which this page has come, as the address said. */
export function arrivedFrom(): string {
  return cameFrom;
}

/** What the address's # says of how one came; undefined when it brings no code. */
export function arrivalOf(hash: string): Arrival | undefined {
  const [, code, from = "", at = ""] = CODE.exec(hash) ?? [];
  try {
    return code === undefined ? undefined : { code, from: decodeURIComponent(from), at: decodeURIComponent(at) };
  } catch {
    // No address that a page has made.
    return undefined;
  }
}

/** Whether there is a token; the host may not take it any more. */
function hasSession(): boolean {
  return localStorage.getItem(STORED) !== null;
}

export function bearer(): Readonly<Record<string, string>> {
  const token = localStorage.getItem(STORED);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** The host does not take the token: whoever sits here needs a new link. */
export function forgetSession(): void {
  localStorage.removeItem(STORED);
}

/** Exchanges the code of the address, if it has one, and takes it out of the address. Whoever has come in already stays, also when the code was used. */
export async function openSession(): Promise<"open" | "closed" | "refused"> {
  const arrival = arrivalOf(location.hash);
  if (arrival === undefined) return hasSession() ? "open" : "closed";
  cameFrom = arrival.from;
  history.replaceState(null, "", arrival.at === "" ? "/" : `/#${arrival.at}`);
  const answer = await fetch("/api/sessions", { method: "POST", headers: { authorization: `Bearer ${arrival.code}` } });
  if (!answer.ok) return hasSession() ? "open" : "refused";
  const { token } = (await answer.json()) as { token: string };
  localStorage.setItem(STORED, token);
  return "open";
}
