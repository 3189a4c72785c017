import assert from "node:assert/strict";
import { fromUtf8, utf8 } from "../codec/index.ts";
import { newSeed } from "../crypto/index.ts";
import { PlatformError } from "../platform/index.ts";
import type { ContractTests } from "./contract-pair.ts";
import { SOON, code, collect, connected, env, hostOf, nextEvent } from "./contract-pair.ts";
import { REDEEM } from "./port.ts";

/** Connecting, admission, invites, and the end of connections. */
export const connectionsContract: ContractTests = {
  async "both sides hear of a disconnection, and requests under way fail"({ a, b, join }) {
    b.handle("wait", () => new Promise(() => {}));
    b.handleBulk("wait", () => new Promise(() => {}));
    await join();
    const asked = a.request(b.self, "wait", utf8(""), SOON);
    const stream = await a.openBulk(b.self, "wait", utf8(""));
    const downs = [nextEvent(a, "down", b.self), nextEvent(b, "down", a.self)];
    const rejected = [assert.rejects(asked, code("UNREACHABLE")), assert.rejects(collect(stream.frames()), code("UNREACHABLE"))];
    await b.close();
    await Promise.all([...downs, ...rejected]);
    assert.deepEqual(a.connected(), []);
    assert.equal(a.remoteAddress(b.self), undefined);
  },

  async "a host that was disconnected connects again"({ a, b, join }) {
    b.handle("echo", (_from, body) => Promise.resolve(body));
    await join();
    const downs = [nextEvent(a, "down", b.self), nextEvent(b, "down", a.self)];
    await a.disconnect(b.self);
    await Promise.all(downs);
    await join();
    assert.equal(fromUtf8(await a.request(b.self, "echo", utf8("again"), SOON)), "again");
  },

  async "the list of who is connected is the same one as long as nobody comes or goes"({ a, b, join }) {
    const before = a.connected();
    assert.equal(a.connected(), before);
    await join();
    const joined = a.connected();
    assert.deepEqual([before, joined], [[], [b.self]]);
    assert.equal(a.connected(), joined);
    const down = nextEvent(a, "down", b.self);
    await a.disconnect(b.self);
    await down;
    assert.deepEqual([joined, a.connected()], [[b.self], []]);
  },

  async "how long the way to a host takes is known once it has answered, and not when it is gone"({ a, b, join }) {
    b.handle("echo", (_from, body) => Promise.resolve(body));
    assert.equal(a.roundTripMs(b.self), undefined);
    await join();
    // Its ping went before the request, and so did its pong.
    await a.request(b.self, "echo", utf8(""), SOON);
    const tookMs = a.roundTripMs(b.self);
    assert.ok(tookMs !== undefined && tookMs >= 0 && tookMs < SOON.timeoutMs, String(tookMs));
    const down = nextEvent(a, "down", b.self);
    await a.disconnect(b.self);
    await down;
    assert.equal(a.roundTripMs(b.self), undefined);
  },

  async "connecting twice, and from both sides at once, gives one connection and loses nothing"({ a, b }) {
    const events: string[] = [];
    a.onPeer(({ kind }) => events.push(`a ${kind}`));
    b.onPeer(({ kind }) => events.push(`b ${kind}`));
    for (const each of [a, b]) each.handle("echo", (_from, body) => Promise.resolve(body));
    await Promise.all([a.connect(b.self, b.addresses()), b.connect(a.self, a.addresses()), a.connect(b.self, b.addresses())]);
    await Promise.all([connected(a, b.self), connected(b, a.self)]);
    const asked = Array.from({ length: 200 }, async (_, at) => {
      const [from, to] = at % 2 === 0 ? [a, b] : [b, a];
      if (at % 5 === 0) await env.timers.sleep(at);
      return fromUtf8(await from.request(to.self, "echo", utf8(`${at}`), SOON));
    });
    assert.deepEqual(await Promise.all(asked), Array.from({ length: 200 }, (_, at) => `${at}`));
    assert.deepEqual([a.connected(), b.connected()], [[b.self], [a.self]]);
    assert.deepEqual(events.sort(), ["a up", "b up"]);
  },

  async "a stranger is refused, whichever side does not know the other"({ net, a, b }) {
    const stranger = await net.host({ seed: newSeed(), admission: () => "member" });
    await assert.rejects(stranger.connect(b.self, b.addresses()), code("UNREACHABLE"));
    await assert.rejects(a.connect(stranger.self, stranger.addresses()), code("STRANGER"));
    assert.deepEqual(b.connected(), []);
    await stranger.close();
  },

  async "a host that is removed while connected is refused at its next request and at its next stream"({ a, b, standings, join }) {
    b.handle("echo", (_from, body) => Promise.resolve(body));
    b.handleBulk("get", () => Promise.resolve());
    await join();
    standings.delete(a.self);
    await assert.rejects(a.request(b.self, "echo", utf8(""), SOON), code("REMOTE", "STRANGER"));
    await assert.rejects(async () => collect((await a.openBulk(b.self, "get", utf8(""))).frames()));
  },

  async "connecting fails when another host, or nobody, is at the address"({ a, b, member }) {
    const c = await member();
    await assert.rejects(a.connect(c.self, b.addresses()), code("UNREACHABLE"));
    assert.deepEqual(a.connected(), []);
    const gone = c.addresses();
    await c.close();
    await assert.rejects(a.connect(c.self, gone), code("UNREACHABLE"));
    await assert.rejects(a.connect(c.self, []), code("UNREACHABLE"));
  },

  async "connecting ends when its signal is aborted"({ a, b }) {
    await assert.rejects(a.connect(b.self, b.addresses(), AbortSignal.abort(new Error("not now"))), /not now/);
  },

  async "an invite is redeemed at the first host that answers, and nothing stays connected"({ net, b, standings }) {
    const seed = newSeed();
    const invite = hostOf(seed);
    standings.set(invite, "invite");
    b.handle(REDEEM, (from, body) => Promise.resolve(utf8(`${from} ${fromUtf8(body)}`)));
    const gone = await net.host({ seed: newSeed(), admission: () => "member" });
    const entrances = [{ host: gone.self, addresses: gone.addresses() }, { host: b.self, addresses: b.addresses() }];
    await gone.close();
    const answer = await net.askAsInvite(env, { seed, entrances, body: utf8("let me in"), ...SOON });
    assert.equal(answer.from, b.self);
    assert.equal(fromUtf8(answer.body), `${invite} let me in`);
    assert.deepEqual(b.connected(), []);
  },

  async "a refused redemption comes back with its code, and a host with another key is not asked"({ net, a, b, standings }) {
    const seed = newSeed();
    standings.set(hostOf(seed), "invite");
    b.handle(REDEEM, () => Promise.reject(new PlatformError("NOT_FOUND", "There is no such invite.")));
    const body = utf8("");
    await assert.rejects(net.askAsInvite(env, { seed, entrances: [{ host: undefined, addresses: b.addresses() }], body, ...SOON }), code("REMOTE", "NOT_FOUND"));
    await assert.rejects(net.askAsInvite(env, { seed, entrances: [{ host: a.self, addresses: b.addresses() }], body, ...SOON }), code("UNREACHABLE"));
    await assert.rejects(net.askAsInvite(env, { seed: newSeed(), entrances: [{ host: b.self, addresses: b.addresses() }], body, ...SOON }), code("UNREACHABLE"));
  },
};
