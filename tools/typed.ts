import { main } from "../src/cli/index.ts";

// Takes command lines, as JSON from standard input, types them one after another in this one process, and gives what each said. For
// tests of what is merely read and answered, such as every help: a process for each would take a minute of a processor's time.

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Write = typeof process.stdout.write;

/** Has what is written to a stream come here instead, until it is called. */
function gather(stream: NodeJS.WriteStream): () => string {
  const write = stream.write.bind(stream);
  const said: string[] = [];
  stream.write = ((text: string | Uint8Array, ...rest: readonly unknown[]) => {
    said.push(typeof text === "string" ? text : Buffer.from(text).toString());
    const done = rest.at(-1);
    if (typeof done === "function") process.nextTick(done as () => void);
    return true;
  }) as Write;
  return () => {
    stream.write = write;
    return said.join("");
  };
}

async function type(args: readonly string[]): Promise<Finished> {
  const [out, err] = [gather(process.stdout), gather(process.stderr)];
  await main(args, () => "0");
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  // What a command leaves to the end of its process.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.removeAllListeners(signal);
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners("error");
  return { code, stdout: out(), stderr: err() };
}

const lines = JSON.parse(Buffer.concat(await Array.fromAsync(process.stdin as AsyncIterable<Buffer>)).toString()) as readonly (readonly string[])[];
const answers: Finished[] = [];
for (const args of lines) answers.push(await type(args));
process.stdout.write(JSON.stringify(answers));
