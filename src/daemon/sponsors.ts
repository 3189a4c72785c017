import { APPLY, ClusterError, NONCE_BYTES, admittanceCodec, applicationCodec, checkDigits, checkHostName, commitmentTo, introductionCodec, nonceCodec, readInviteCode } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { AskedSponsor, NearbyDesk, SetupNearby } from "../door/index.ts";
import type { AnswerCall, LocalCall } from "../net/index.ts";
import { NetError } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";

/** Whoever comes says within this time who it is, in milliseconds. */
const INTRODUCTION_MS = 10_000;
const ANSWER_MS = 10_000;
/** A little more than the other side lets its person take. */
const PERSON_MS = 11 * 60_000;

interface Named {
  readonly call: LocalCall;
  readonly host: string;
  readonly network: string;
}

/** The question to one sponsor, and what became of it. */
interface Asked extends Named {
  readonly name: string;
  readonly controller: AbortController;
  state: AskedSponsor["state"];
  digits: string | null;
  code: string | null;
}

/** On a machine on which a host is being set up: the hosts that have come to it, and the one that it asks to be let in. */
export class Sponsors implements NearbyDesk {
  readonly #env: Env;
  readonly #named = new Map<HostId, Named>();
  #asked: Asked | undefined;
  /** As a person types them elsewhere. */
  addresses: readonly string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  /** For each host that has come; what it says then is answered by `answer`. */
  readonly take = (call: LocalCall): void => {
    const late = this.#env.timers.after(INTRODUCTION_MS, () => {
      if (this.#named.get(call.peer)?.call !== call) call.end();
    });
    const forget = (): void => {
      late.cancel();
      if (this.#named.get(call.peer)?.call === call) this.#named.delete(call.peer);
    };
    call.ended.addEventListener("abort", forget);
    if (call.ended.aborted) forget();
  };

  readonly answer: AnswerCall = async (call, kind, body) => {
    if (kind !== APPLY.introduce || this.#named.has(call.peer) || call.ended.aborted) throw new NetError("PROTOCOL", "A host says who it is, once, and nothing else.");
    const { host, network } = introductionCodec.decode(body);
    for (const name of [host, network]) checkHostName(name);
    this.#named.set(call.peer, { call, host, network });
    return new Uint8Array(0);
  };

  facts(): SetupNearby {
    const sponsors = [...this.#named].map(([id, { host, network }]) => ({ id, host, network }));
    return { addresses: [...this.addresses], sponsors: sponsors.sort((a, b) => a.network.localeCompare(b.network) || a.host.localeCompare(b.host)), asked: this.#asked === undefined ? null : rowOf(this.#asked) };
  }

  /** @throws ClusterError NO_SUCH_HOST, BAD_HOST_NAME */
  ask(id: HostId, name: string): void {
    checkHostName(name);
    const named = this.#named.get(id);
    if (named === undefined) throw new ClusterError("NO_SUCH_HOST", "That host is not there any more. Ask another, or wait until it comes again.");
    this.withdraw();
    const asked: Asked = { ...named, name, controller: new AbortController(), state: "asking", digits: null, code: null };
    this.#asked = asked;
    void this.#apply(asked).catch((error: unknown) => {
      if (asked.state !== "admitted") asked.state = stateAfter(error);
      this.#env.log.info("a host nearby did not let this machine in", { host: asked.host, reason: messageOf(error) });
    });
  }

  withdraw(): void {
    this.#asked?.controller.abort(new NetError("CLOSED", "This machine asks no longer."));
    this.#asked = undefined;
  }

  async #apply(asked: Asked): Promise<void> {
    const { call, controller, name } = asked;
    const ends = { applicant: call.self, sponsor: call.peer };
    const nonce = this.#env.random.bytes(NONCE_BYTES);
    const { signal } = controller;
    const answer = await call.ask(APPLY.ask, applicationCodec.encode({ host: name, commitment: commitmentTo(nonce, ends) }), { timeoutMs: ANSWER_MS, signal });
    asked.digits = checkDigits(ends, { applicant: nonce, sponsor: nonceCodec.decode(answer).nonce });
    asked.state = "waiting";
    const { code } = admittanceCodec.decode(await call.ask(APPLY.open, nonceCodec.encode({ nonce }), { timeoutMs: PERSON_MS, signal }));
    readInviteCode(code);
    asked.code = code;
    asked.state = "admitted";
  }
}

/** The words of the other side are not shown: they are anybody's. */
function stateAfter(error: unknown): AskedSponsor["state"] {
  if (!(error instanceof NetError) || error.remoteCode === undefined) return "lost";
  if (error.remoteCode === "BUSY") return "busy";
  return error.remoteCode === "APPLICATION_EXPIRED" ? "expired" : "refused";
}

function rowOf({ call, host, network, name, state, digits, code }: Asked): AskedSponsor {
  return { id: call.peer, host, network, name, state, digits, code };
}
