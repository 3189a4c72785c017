import type { CommandFile, Context } from "../context.ts";
import { jsonAndExamples } from "../context.ts";
import { runUp } from "./up.ts";

export const setup: CommandFile = (command, go) => {
  command.action(go(setUp));
  jsonAndExamples(command, "setup");
};

/** Has a person make a host from a web browser, and then runs it. */
export async function setUp(context: Context): Promise<void> {
  const { setUpHost } = await import("../../daemon/index.ts");
  const told = (link: string): void => context.io.answer({ link }, () => `Open this in a web browser of this machine. It creates a network, or joins one with a code:\n  ${link}\nCtrl-C ends it; nothing is made before you say so.`);
  const { data, httpPort } = await setUpHost(told, context.signal);
  await runUp(context, { data, httpPort, discovery: true });
}
