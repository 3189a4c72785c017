import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { HostId } from "../codec/index.ts";
import { fromUtf8, utf8 } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import type { Applicant } from "./applicant.ts";
import { openApplicant } from "./applicant.ts";
import { SOON, code } from "./contract-pair.ts";
import { CONTROL, encodeId } from "./control-frames.ts";
import { frameHead } from "./frame-reader.ts";
import type { AnswerCall, LocalCall } from "./local-call.ts";
import { APPLY_PROTOCOL, CONTROL_PROTOCOL } from "./protocols.ts";
import { RawPeer, RawStream } from "./raw-peer.fixture.ts";
import type { Sponsor } from "./sponsor.ts";
import { openSponsor } from "./sponsor.ts";

const env = machineEnv(silentLog);
const never = new AbortController().signal;

/** Says which end answers, and what it was asked; "wait" is answered when the asker gives up. */
const echo = (end: string): AnswerCall => async (_call, kind, body, signal) => {
  if (kind === "wait") await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));
  return utf8(`${end} ${kind} ${fromUtf8(body)}`);
};

const endOf = ({ ended }: LocalCall): Promise<void> => new Promise((resolve) => (ended.aborted ? resolve() : ended.addEventListener("abort", () => resolve())));

describe("a machine on which a host is being set up", () => {
  let applicant: Applicant;
  let sponsor: Sponsor;
  let raw: RawPeer;
  let came: (call: LocalCall) => void = () => {};

  before(async () => {
    applicant = await openApplicant(env, { hosts: ["127.0.0.1"], port: 0, announces: false, answer: echo("applicant"), onCall: (call) => came(call) });
    sponsor = await openSponsor(env, { answer: echo("sponsor") });
    raw = await RawPeer.start(env, newSeed(), ["/ip4/127.0.0.1/tcp/0"]);
  });

  after(async () => {
    await Promise.all([applicant.close(), sponsor.close(), raw.stop()]);
  });

  async function call(): Promise<{ readonly there: LocalCall; readonly here: LocalCall }> {
    const { promise, resolve } = Promise.withResolvers<LocalCall>();
    came = resolve;
    const there = await sponsor.call(undefined, applicant.addresses, never);
    return { there, here: await promise };
  }

  const dial = async (protocol: string): Promise<RawStream> => {
    const connection = await raw.node.dialer.first([{ peer: undefined, address: applicant.addresses[0]! }], never, (each) => Promise.resolve(each));
    return new RawStream(connection, await connection.newStream([protocol]));
  };

  test("is asked and asks, under the same two keys at both ends, until one of them ends it", async () => {
    const { there, here } = await call();
    assert.deepEqual([here.self, here.peer], [there.peer, there.self]);
    assert.match(here.address, /^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/);
    assert.equal(fromUtf8(await there.ask("greet", utf8("x"), SOON)), "applicant greet x");
    assert.equal(fromUtf8(await here.ask("ask", utf8("y"), SOON)), "sponsor ask y");
    const waiting = here.ask("wait", utf8(""), SOON);
    there.end();
    await assert.rejects(waiting, code("UNREACHABLE"));
    await Promise.all([endOf(here), endOf(there)]);
  });

  test("is reached by who knows its key, and by nobody who expects another", async () => {
    const { there } = await call();
    const again = await sponsor.call(there.peer, applicant.addresses, never);
    assert.equal(again.peer, there.peer);
    await assert.rejects(sponsor.call(raw.id as HostId, applicant.addresses, never), code("UNREACHABLE"));
    there.end();
    again.end();
  });

  test("has at most eight hosts of one machine, and a place for the next when one goes", async () => {
    const calls = [];
    for (let at = 0; at < 8; at += 1) calls.push(await call());
    await assert.rejects(sponsor.call(undefined, applicant.addresses, never), code("UNREACHABLE"));
    const gone = calls.pop()!;
    gone.there.end();
    await endOf(gone.here);
    calls.push(await call());
    for (const { there } of calls) there.end();
    await Promise.all(calls.map(({ here }) => endOf(here)));
  });

  test("ends a connection that asks for more than is agreed, and serves others after it", async () => {
    const tooLong = await dial(APPLY_PROTOCOL);
    tooLong.hello();
    tooLong.send(frameHead(CONTROL.request, 64 * 1024));
    await tooLong.closed;
    const tooMany = await dial(APPLY_PROTOCOL);
    tooMany.hello();
    for (let id = 1; id <= 5; id += 1) tooMany.request(id, "wait");
    await tooMany.closed;
    await assert.rejects(dial(CONTROL_PROTOCOL));
    const { there } = await call();
    assert.equal(fromUtf8(await there.ask("greet", utf8("z"), SOON)), "applicant greet z");
    there.end();
  });

  test("that answers at a length that was not agreed is left", async () => {
    await raw.node.libp2p.handle(APPLY_PROTOCOL, (stream, connection) => {
      const hostile = new RawStream(connection, stream);
      hostile.hello();
      void hostile.next(CONTROL.request).then((request) => hostile.frame(CONTROL.answer, encodeId(request[3]!), new Uint8Array(16 * 1024)));
    });
    const made = await sponsor.call(raw.id as HostId, raw.addresses(), never);
    await assert.rejects(made.ask("greet", utf8(""), SOON), code("UNREACHABLE"));
    await endOf(made);
  });

  test("is not looked for outside the local network, whatever address was announced or typed", async () => {
    for (const address of ["/ip4/203.0.113.7/tcp/4281", "/ip6/2001:db8::1/tcp/4281", "/dns/bank.example/tcp/443"]) await assert.rejects(sponsor.call(undefined, [address], never), code("BAD_ADDRESS"), address);
  });
});
