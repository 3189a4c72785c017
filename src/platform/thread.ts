import { extname } from "node:path";
import { Worker as NodeThread, parentPort, workerData } from "node:worker_threads";

/** A thread of this process that does what would hold the event loop up. Messages cross in their order. */
export interface Thread<Question> {
  /** @param moved memory that changes over to the thread, and is empty here from now on */
  post(question: Question, moved?: readonly ArrayBuffer[]): void;
  end(): Promise<void>;
}

export interface ThreadPlan<Answer> {
  readonly name: string;
  /** Handed to the thread when it starts. */
  readonly data: unknown;
  readonly onAnswer: (answer: Answer) => void;
  /** It ended by itself: nothing that was posted and not answered will be. Called once. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Starts a thread. It keeps no process alive.
 * @param file the URL of the code that it runs, without the ending: it is that of all files of this program, .ts or .js
 */
export function startThread<Question, Answer>(file: URL, plan: ThreadPlan<Answer>): Thread<Question> {
  // Under `node --watch` Node itself would report each loaded file as a message from the thread.
  const { WATCH_REPORT_DEPENDENCIES: _, ...env } = process.env;
  const thread = new NodeThread(new URL(file.href + extname(import.meta.url)), { name: plan.name, workerData: plan.data, env, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } });
  let isOver = false;
  const fail = (error: Error): void => {
    // One that fails ends, too: whoever has started another one meanwhile must not hear of this one again.
    if (isOver) return;
    isOver = true;
    plan.onFailure(error);
  };
  thread.on("message", plan.onAnswer);
  thread.on("error", fail);
  thread.on("exit", (code) => fail(new Error(`The thread ${plan.name} ended with ${code}.`)));
  thread.unref();
  return {
    post: (question, moved = []) => thread.postMessage(question, [...moved]),
    async end() {
      isOver = true;
      await thread.terminate();
    },
  };
}

/** What a thread's own code sees of those who started it. */
export interface ThreadSide<Question, Answer> {
  readonly data: unknown;
  answer(answer: Answer, moved?: readonly ArrayBuffer[]): void;
  onQuestion(listener: (question: Question) => void): void;
}

/** @throws Error outside a thread */
export function threadSide<Question, Answer>(): ThreadSide<Question, Answer> {
  const port = parentPort;
  if (port === null) throw new Error("This is no thread.");
  return {
    data: workerData as unknown,
    answer: (answer, moved = []) => port.postMessage(answer, [...moved]),
    onQuestion: (listener) => void port.on("message", listener),
  };
}
