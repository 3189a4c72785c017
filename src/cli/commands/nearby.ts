import type { ApplicantRow } from "../../door/index.ts";
import { codeOf } from "../../platform/index.ts";
import type { CommandFile, CommonOptions, Context } from "../context.ts";
import { common, invoked } from "../context.ts";
import { CliError } from "../errors.ts";
import { formatDuration } from "../sizes.ts";
import { printable, table } from "../table.ts";
import type { NearbyApi } from "../nearby-api.ts";
import { connect } from "../target.ts";

export const nearby: CommandFile = (command, go) => {
  const list = command.command("list").description("list the machines of the local network that ask to be let in");
  list.action(go((context, options: CommonOptions) => withApi(context, options, async (api) => {
    const applicants = await api.list();
    context.io.answer({ applicants }, () => applicantsTable(applicants, context.env.clock.wallMs()));
  })));
  common(list, "nearby list");

  const admit = command.command("admit").description("let the machine in whose screen shows these digits: it is sent an invite");
  admit.argument("<digits...>", "the six digits, as they stand on the other machine's screen").action(go((context, typed: readonly string[], options: CommonOptions) => withApi(context, options, async (api) => {
    const digits = digitsOf(typed);
    const { host } = await admitted(api, digits);
    context.io.answer({ host, admitted: true }, () => `${printable(host)} has been sent an invite, and joins as soon as whoever is there goes on.`);
  })));
  common(admit, "nearby admit 482913");

  const refuse = command.command("refuse").description("do not let a machine in");
  refuse.argument("<name>", "the name that the new host is to have").action(go((context, name: string, options: CommonOptions) => withApi(context, options, async (api) => {
    const found = (await api.list()).filter((each) => each.host === name);
    if (found.length === 0) throw new CliError("NO_APPLICATION", `No machine asks under the name ${name}. '${invoked()} nearby list' lists those that do.`);
    for (const { id } of found) await api.refuse(id);
    context.io.answer({ host: name, refused: found.length }, () => `${printable(name)} is not let in, and told so.`);
  })));
  common(refuse, "nearby refuse den");

  const visit = command.command("visit").description("go to a machine that is not found by itself, at the address that its screen shows");
  visit.argument("<address>", "such as 192.168.1.7:4281").action(go((context, address: string, options: CommonOptions) => withApi(context, options, async (api) => {
    await api.visit(address);
    context.io.answer({ address, visited: true }, () => "Its screen shows this host now. Whoever is there asks it.");
  })));
  common(visit, "nearby visit 192.168.1.7:4281");
};

async function withApi(context: Context, options: CommonOptions, work: (api: NearbyApi) => Promise<void>): Promise<void> {
  const api = await connect(context, options);
  try {
    await work(api.nearby);
  } finally {
    api.close();
  }
}

/** @throws CliError USAGE */
export function digitsOf(typed: readonly string[]): string {
  const digits = typed.join("").replaceAll(/\s/g, "");
  if (!/^\d{6}$/.test(digits)) throw new CliError("USAGE", "Type the six digits that the other machine's screen shows, such as 482913.");
  return digits;
}

/** The host alone knows the digits of each machine, and takes none for another one's. @throws CliError NO_APPLICATION */
export async function admitted(api: Pick<NearbyApi, "list" | "admit">, digits: string): Promise<ApplicantRow> {
  for (const { id } of await api.list()) {
    try {
      return await api.admit(id, digits);
    } catch (error) {
      if (!["WRONG_DIGITS", "NO_APPLICATION"].includes(codeOf(error) ?? "")) throw error;
    }
  }
  throw new CliError("NO_APPLICATION", `No machine that asks this host has the digits ${digits}. If its screen shows them now, another machine stands between the two: do not let it in, and send an invite's code instead.`);
}

export function applicantsTable(applicants: readonly ApplicantRow[], nowMs: number): string {
  if (applicants.length === 0) return `No machine nearby asks to be let in. One finds this host by '${invoked()} join' without a code, or on the page that '${invoked()} setup' opens there.`;
  const rows = applicants.map(({ host, address, expiresMs }) => [host, address, formatDuration(Math.max(0, expiresMs - nowMs))]);
  return `${table(["name", "from", "waits for"], rows)}Its screen shows six digits: '${invoked()} nearby admit DIGITS' lets it in if they are the right ones.`;
}
