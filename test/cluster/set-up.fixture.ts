import { setTimeout as sleep } from "node:timers/promises";

// What a person does on the page of a set-up whose machine is let in by a host nearby, without the page: run on that machine with the link, the host's
// name, this one's, and a folder. Says the six digits in a line, and the network's name in the next.

interface Nearby {
  readonly sponsors: readonly { readonly id: string; readonly host: string }[];
  readonly asked: { readonly state: string; readonly digits: string | null; readonly code: string | null } | null;
}

const [link, sponsor, host, folder] = process.argv.slice(2) as [string, string, string, string];
const { origin, hash } = new URL(link);

async function ask<T>(method: string, path: string, bearer: string, json?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${bearer}`, origin, ...(json === undefined ? {} : { "content-type": "application/json" }) };
  const answer = await fetch(`${origin}/api${path}`, { method, headers, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

const { token } = await ask<{ token: string }>("POST", "/sessions", hash.slice("#open=".length));

/** Looks as often as the page does, only sooner. */
async function seen<T>(what: (nearby: Nearby) => T | null | undefined): Promise<T> {
  for (;;) {
    const found = what(await ask<Nearby>("GET", "/setup/nearby", token));
    if (found !== null && found !== undefined) return found;
    await sleep(50);
  }
}

const { id } = await seen(({ sponsors }) => sponsors.find((each) => each.host === sponsor));
await ask("POST", `/setup/nearby/${id}/ask`, token, { host });
process.stdout.write(`${await seen(({ asked }) => asked?.digits)}\n`);
const code = await seen(({ asked }) => asked?.code);
const { networkName } = await ask<{ networkName: string }>("POST", "/setup/join", token, { code, host, folder, capacityBytes: 1_000_000_000 });
process.stdout.write(`${networkName}\n`);
