import type { CommandFile, Context } from "../context.ts";
import { invoked, jsonAndExamples } from "../context.ts";
import { setupWords } from "../setup-words.ts";
import { runUp } from "./up.ts";

export const setup: CommandFile = (command, go) => {
  command.action(go(setUp));
  jsonAndExamples(command, "setup");
};

/** Has a person make a host from a web browser, and then runs it. */
export async function setUp(context: Context): Promise<void> {
  const { setUpHost } = await import("../../daemon/index.ts");
  const told = (link: string): void => context.io.answer({ link }, () => setupWords(link, invoked()));
  const { data, httpPort } = await setUpHost(told, context.signal);
  await runUp(context, { data, httpPort, discovery: true });
}
