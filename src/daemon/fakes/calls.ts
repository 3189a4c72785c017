import type { HostId } from "../../codec/index.ts";
import type { AnswerCall, LocalCall } from "../../net/index.ts";
import { NetError } from "../../net/index.ts";
import { codeOf } from "../../platform/index.ts";

// For tests only: both ends of a connection in memory, between a machine on which a host is being set up and a host nearby.

class MemoryCall implements LocalCall {
  readonly self: HostId;
  readonly peer: HostId;
  readonly address: string;
  readonly #answer: AnswerCall;
  readonly #ending: AbortController;
  other: MemoryCall | undefined;

  constructor(self: HostId, peer: HostId, answer: AnswerCall, { ending, address }: { readonly ending: AbortController; readonly address: string }) {
    this.self = self;
    this.peer = peer;
    this.#answer = answer;
    this.#ending = ending;
    this.address = address;
  }

  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  end(): void {
    this.#ending.abort(new NetError("UNREACHABLE", "The connection was ended."));
  }

  async ask(kind: string, body: Uint8Array, { signal }: { readonly signal?: AbortSignal }): Promise<Uint8Array> {
    const both = AbortSignal.any([this.ended, ...(signal === undefined ? [] : [signal])]);
    both.throwIfAborted();
    const there = this.other!;
    const answered = there.#answer(there, kind, body, both).catch((error: unknown) => {
      throw new NetError("REMOTE", "It answered with a failure.", { remoteCode: codeOf(error) ?? "INTERNAL" });
    });
    return Promise.race([answered, new Promise<never>((_resolve, reject) => both.addEventListener("abort", () => reject(both.reason)))]);
  }
}

export interface CallPair {
  readonly applicant: LocalCall;
  readonly sponsor: LocalCall;
}

/**
 * @param host the address of either end, as the other sees it
 * @returns the two ends of a new connection
 */
export function connectCalls(applicant: { readonly key: HostId; readonly answer: AnswerCall }, sponsor: { readonly key: HostId; readonly answer: AnswerCall }, host = "192.168.1.7"): CallPair {
  const way = { ending: new AbortController(), address: `/ip4/${host}/tcp/4281` };
  const here = new MemoryCall(applicant.key, sponsor.key, applicant.answer, way);
  const there = new MemoryCall(sponsor.key, applicant.key, sponsor.answer, way);
  here.other = there;
  there.other = here;
  return { applicant: here, sponsor: there };
}
