// The right to use this host from here. A link from the terminal has a code behind its #, which is exchanged once for a token; the token
// stays in this origin's storage, which the page of no site can read, and goes out as a header, never as a cookie.

const STORED = "holdfast.session";
const CODE = /^#open=([a-z2-7]{26})$/;

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
  const code = CODE.exec(location.hash)?.[1];
  if (code === undefined) return hasSession() ? "open" : "closed";
  history.replaceState(null, "", "/");
  const answer = await fetch("/api/sessions", { method: "POST", headers: { authorization: `Bearer ${code}` } });
  if (!answer.ok) return hasSession() ? "open" : "refused";
  const { token } = (await answer.json()) as { token: string };
  localStorage.setItem(STORED, token);
  return "open";
}
