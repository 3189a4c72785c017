import type { PersonRow } from "../../door/index.ts";
import type { CommandFile, CommonOptions } from "../context.ts";
import { common, invoked } from "../context.ts";
import { CliError } from "../errors.ts";
import { laterWords } from "../later.ts";
import { formatBytes, parseBytes } from "../sizes.ts";
import { table } from "../table.ts";
import { connect } from "../target.ts";

const FROM: Readonly<Record<PersonRow["quotaFrom"], string>> = { administrator: "set by an administrator", invite: "granted by an invite", share: "an equal share" };

export const quota: CommandFile = (command, go) => {
  command
    .argument("[person]", "the name of one of the person's hosts, or the account's id")
    .argument("[size]", 'how much all pieces of their content may take, such as 50GB; "share" for what their invites grant')
    .action(
      go(async (context, wanted: string | undefined, size: string | undefined, options: CommonOptions) => {
        const api = await connect(context, options);
        try {
          const people = await api.upkeep.people();
          if (wanted === undefined) return context.io.answer(people, () => peopleTable(people));
          const person = personNamed(people, wanted);
          if (size === undefined) return context.io.answer(person, () => peopleTable([person]));
          const quotaBytes = size === "share" ? null : parseBytes(size);
          const { safe } = await api.upkeep.setQuota(person.id, quotaBytes);
          context.io.answer({ person: person.id, quotaBytes, safe }, () => `${person.name} may take ${quotaBytes === null ? "what their invites grant" : formatBytes(quotaBytes)}.${laterWords(safe)}`);
        } finally {
          api.close();
        }
      }),
    );
  common(command, "quota", "quota cellar 50GB", "quota cellar share");
};

function personNamed(people: readonly PersonRow[], wanted: string): PersonRow {
  const [found, another] = people.filter(({ id, name, hosts }) => id === wanted || name === wanted || hosts.includes(wanted));
  if (found === undefined) throw new CliError("USAGE", `Nobody here has a host "${wanted}". '${invoked()} quota' lists the people.`);
  if (another !== undefined) throw new CliError("USAGE", `More than one person has a host "${wanted}". Say which by the account's id: ${found.id} or ${another.id}.`);
  return found;
}

export function peopleTable(people: readonly PersonRow[]): string {
  const counting = people.some(({ usedBytes }) => usedBytes === null) ? "What they take is still being counted, since the host has just started: ask again in a moment." : "";
  const columns = ["person", "hosts", { title: "takes", right: true }, { title: "may take", right: true }, "because it is", "account"];
  return `${table(columns, people.map((each) => [each.name + (each.isAdministrator ? " (administrator)" : ""), each.hosts.join(", "), each.usedBytes === null ? "?" : formatBytes(each.usedBytes), formatBytes(each.quotaBytes), FROM[each.quotaFrom], each.id]))}${counting}`;
}
