import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { hostAndPort, parseAddress, parseListenAddress } from "./address.ts";
import { NetError } from "./errors.ts";
import { formatPeersFile, parsePeersFile } from "./peers-file.ts";

const host = idFromBytes<HostId>(new Uint8Array(32).fill(7));

function badAddress(words: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof NetError && error.code === "BAD_ADDRESS" && words.test(error.message);
}

describe("an address", () => {
  test("is read as people type it", () => {
    const typed: [string, string][] = [
      ["192.168.1.5:4281", "/ip4/192.168.1.5/tcp/4281"],
      [" [::1]:4281 ", "/ip6/::1/tcp/4281"],
      ["[2001:DB8::5]:1", "/ip6/2001:db8::5/tcp/1"],
      ["Host.Example:4281", "/dns/host.example/tcp/4281"],
      ["localhost:65535", "/dns/localhost/tcp/65535"],
      ["/ip4/10.0.0.1/tcp/80", "/ip4/10.0.0.1/tcp/80"],
      ["/dns4/a.example/tcp/80", "/dns4/a.example/tcp/80"],
      ["/ip4/10.0.0.1/tcp/80/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "/ip4/10.0.0.1/tcp/80"],
    ];
    for (const [text, address] of typed) assert.equal(parseAddress(text), address);
  });

  test("that cannot be used is refused with what to type instead", () => {
    const wrong: [string, RegExp][] = [
      ["", /empty/],
      ["192.168.1.5", /port is missing/],
      ["192.168.1:4281", /four numbers/],
      ["192.168.1.500:4281", /four numbers/],
      ["::1:4281", /in brackets/],
      ["2001:db8::5", /in brackets/],
      ["[fe80::1%eth0]:4281", /zone/],
      ["[1.2.3.4]:1", /no IPv6/],
      ["host.example:0", /port is 0/],
      ["host.example:70000", /1 to 65535/],
      ["-bad-:1", /neither an IP/],
      ["a b:1", /neither an IP/],
      ["/ip4/1.2.3.4/udp/1", /speaks TCP/],
      ["/ip4/1.2.3.4", /speaks TCP/],
      ["/ip4/1.2.3.4/tcp/1/ws", /something follows/],
      ["/unix/tmp", /neither an IP|not a multiaddr/],
      ["/nonsense", /not a multiaddr/],
      ["http://a.example:1/", /./],
      [`${"a".repeat(300)}:1`, /255/],
    ];
    for (const [text, words] of wrong) assert.throws(() => parseAddress(text), badAddress(words), text);
    assert.throws(() => parseAddress("here"), badAddress(/192\.168\.1\.5:4281/));
  });

  test("is refused, or stays the same when read again, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webAuthority(), fc.ipV4().map((ip) => `${ip}:80`), fc.ipV6().map((ip) => `[${ip}]:80`)), (text) => {
        let address: string;
        try {
          address = parseAddress(text);
        } catch (error) {
          assert.ok(error instanceof NetError && error.code === "BAD_ADDRESS", String(error));
          return;
        }
        assert.equal(parseAddress(address), address);
      }),
    );
  });

  test("to listen on may be a bare port, for every interface, or any free port", () => {
    assert.deepEqual(parseListenAddress("4281"), ["/ip4/0.0.0.0/tcp/4281", "/ip6/::/tcp/4281"]);
    assert.deepEqual(parseListenAddress("*:4281"), ["/ip4/0.0.0.0/tcp/4281", "/ip6/::/tcp/4281"]);
    assert.deepEqual(parseListenAddress("127.0.0.1:0"), ["/ip4/127.0.0.1/tcp/0"]);
    assert.deepEqual(hostAndPort("/ip6/::1/tcp/4281"), { host: "::1", port: 4281 });
    assert.throws(() => parseListenAddress("host.example:1"), badAddress(/IP address of its own/));
    assert.throws(() => parseListenAddress("99999"), badAddress(/1 to 65535/));
  });
});

describe("a list of peers", () => {
  test("is read as it was written", () => {
    const peers = [{ peer: host, addresses: ["/ip4/10.0.0.1/tcp/1", "/ip6/::1/tcp/2"], name: "attic\n# trap" }];
    assert.deepEqual(parsePeersFile(formatPeersFile(peers)), [{ peer: host, addresses: peers[0]!.addresses }]);
  });

  test("may be typed by a person, with commas, comments and empty lines", () => {
    assert.deepEqual(parsePeersFile(`# mine\n\n${host} 10.0.0.1:1, attic.example:2 # the attic\r\n`), [{ peer: host, addresses: ["/ip4/10.0.0.1/tcp/1", "/dns/attic.example/tcp/2"] }]);
  });

  test("names the line that is wrong", () => {
    assert.throws(() => parsePeersFile(`\n${host}`), badAddress(/Line 2.*1 to 16 addresses/));
    assert.throws(() => parsePeersFile("attic 10.0.0.1:1"), badAddress(/Line 1.*not an id/));
    assert.throws(() => parsePeersFile(`${host} nowhere`), badAddress(/Line 1.*port is missing/));
  });
});
