import type { TestHost } from "../test/cluster/harness.ts";
import { until } from "../test/cluster/harness.ts";

interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly error?: { readonly message: string };
}

/** A running process seen through Node's inspector, which SIGUSR1 opens: so that what is really held can be told from what was only not collected yet. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #owed = new Map<number, (answer: Answer) => void>();
  #number = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id === undefined) return;
      this.#owed.get(answer.id)?.(answer);
      this.#owed.delete(answer.id);
    });
  }

  /** The host must have been started with `--inspect-port=0` in NODE_OPTIONS, so that it takes a free port. */
  static async open(host: TestHost): Promise<Inspector> {
    process.kill(host.pid, "SIGUSR1");
    const address = (): string | undefined => /ws:\/\/127\.0\.0\.1:\S+/.exec(host.log)?.[0];
    await until(`${host.name} opens its inspector`, 10_000, () => address() !== undefined);
    const socket = new WebSocket(address()!);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    return new Inspector(socket);
  }

  async ask(method: string, params: object = {}): Promise<Answer> {
    const id = (this.#number += 1);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#owed.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const answer = await promise;
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer;
  }

  /** Bytes of objects and buffers that are still there after a full collection. */
  async heldBytes(): Promise<number> {
    // Finalisers free more in a second round.
    for (let round = 0; round < 2; round += 1) await this.ask("HeapProfiler.collectGarbage");
    const answer = await this.ask("Runtime.evaluate", { expression: "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())", returnByValue: true });
    return Number(answer.result?.result?.value);
  }

  close(): void {
    this.#socket.close();
  }
}
