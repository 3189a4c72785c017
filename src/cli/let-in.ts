import type { AskedSponsor, NearbyDesk, SponsorRow } from "../door/index.ts";
import { idFromText } from "../codec/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Context } from "./context.ts";
import { invoked } from "./context.ts";
import { CliError } from "./errors.ts";
import { ask } from "./io.ts";
import { admittedWords, compareWords, endedWords, inGroups } from "./nearby-words.ts";
import { formatDuration } from "./sizes.ts";
import { printable, table } from "./table.ts";

// Joining without a code. The terminal shows the hosts of the local network that have come to this machine and asks which one is meant; that host is
// asked, the six digits are shown until somebody there has typed them, and the person here says whether that was so. Then there is an invite's code.

const LOOK_EVERY_MS = 250;
/** All who are near hear this machine at the same time: when one has come, the others are awaited for a moment. */
const OTHERS_MS = 1_500;
/** Then it is said how a host that does not hear this machine is brought here. */
const HINT_AFTER_MS = 10_000;

/** Puts a question to the person at the terminal, who may press Ctrl-C instead. */
export type AskPerson = (question: string, signal: AbortSignal) => Promise<string>;

/**
 * @param name that the host on this machine is to have
 * @returns the invite's code
 * @throws CliError APPLICATION_REFUSED, APPLICATION_EXPIRED, BUSY, UNREACHABLE, CANCELLED
 */
export async function letIn(context: Context, desk: NearbyDesk, name: string, askPerson: AskPerson = ask): Promise<string> {
  context.io.note("Looking for hosts on your local network that let this machine in without a code. Ctrl-C ends it.");
  const sponsor = await chosen(context, desk, askPerson);
  desk.ask(idFromText<HostId>(sponsor.id), name);
  const asked = await answered(context, desk);
  const host = printable(asked.host);
  if (asked.code === null) throw new CliError(codeFor(asked.state), endedWords(host, asked.state));
  const typed = await askPerson(`${admittedWords(host, inGroups(asked.digits!))}\nType yes to join ${printable(asked.network)}: `, context.signal);
  if (!/^y(es)?$/i.test(typed.trim())) throw new CliError("CANCELLED", "Not joined, and nothing was changed.");
  return asked.code;
}

/** The host that the person chooses, which may have gone since. */
async function chosen(context: Context, desk: NearbyDesk, askPerson: AskPerson): Promise<SponsorRow> {
  for (;;) {
    const sponsors = await found(context, desk);
    context.io.note(table(["no.", "host", "network"], sponsors.map(({ host, network }, at) => [String(at + 1), host, network])));
    const typed = (await askPerson("Type the number of the one to ask, or press Enter to look again: ", context.signal)).trim();
    const sponsor = sponsors[Number(typed) - 1];
    if (sponsor !== undefined) return sponsor;
    if (typed !== "") context.io.note(`There is no number ${printable(typed)}.`);
  }
}

/** Looks until a host has come, and a moment longer. */
async function found({ io, env, signal }: Context, desk: NearbyDesk): Promise<readonly SponsorRow[]> {
  const startMs = env.clock.monotonicMs();
  let isHinted = false;
  let firstMs: number | undefined;
  for (;;) {
    const nowMs = env.clock.monotonicMs();
    const { sponsors, addresses } = desk.facts();
    firstMs = sponsors.length === 0 ? undefined : (firstMs ?? nowMs);
    if (firstMs !== undefined && nowMs - firstMs >= OTHERS_MS) break;
    if (!isHinted && firstMs === undefined && nowMs - startMs >= HINT_AFTER_MS) {
      isHinted = true;
      io.redraw("");
      io.note(hintWords(addresses[0]));
    }
    io.redraw(`Looking (${formatDuration(nowMs - startMs)})`);
    await env.timers.sleep(LOOK_EVERY_MS, signal);
  }
  io.redraw("");
  return desk.facts().sponsors;
}

function hintWords(address: string | undefined): string {
  const there = address === undefined ? "" : ` Somebody at a host can bring it here by typing '${invoked()} nearby visit ${address}', or this address in its Browser at Hosts, Invite someone.`;
  return `None has shown itself so far.${there} With an invite's code: '${invoked()} join CODE'.`;
}

/** Shows the digits once they are known, and waits until there is an answer. */
async function answered({ io, env, signal }: Context, desk: NearbyDesk): Promise<AskedSponsor> {
  const startMs = env.clock.monotonicMs();
  let isShown = false;
  for (;;) {
    const asked = desk.facts().asked!;
    const host = printable(asked.host);
    if (asked.digits !== null && !isShown) {
      isShown = true;
      io.redraw("");
      io.note(`${host} of the network ${printable(asked.network)} was asked. ${compareWords(host)}\n\n    ${inGroups(asked.digits)}\n\nThey go into the host's Browser, or behind '${invoked()} nearby admit'. If they are not taken there, another machine stands between the two: press Ctrl-C, and join with a code.`);
    }
    if (asked.state !== "asking" && asked.state !== "waiting") {
      io.redraw("");
      return asked;
    }
    io.redraw(`Waiting for ${host} (${formatDuration(env.clock.monotonicMs() - startMs)})`);
    await env.timers.sleep(LOOK_EVERY_MS, signal);
  }
}

function codeFor(state: AskedSponsor["state"]): "APPLICATION_REFUSED" | "APPLICATION_EXPIRED" | "BUSY" | "UNREACHABLE" {
  switch (state) {
    case "refused":
      return "APPLICATION_REFUSED";
    case "expired":
      return "APPLICATION_EXPIRED";
    case "busy":
      return "BUSY";
    default:
      return "UNREACHABLE";
  }
}
