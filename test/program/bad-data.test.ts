import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { chmod, cp, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readInviteCode, writeInviteCode } from "../../src/cluster/index.ts";
import type { NetworkId } from "../../src/codec/index.ts";
import { newSeed } from "../../src/crypto/index.ts";
import { noise } from "../cluster/attack.ts";
import type { Finished, TestHost } from "../cluster/harness.ts";
import { Bench, program } from "../cluster/harness.ts";
import { MIB } from "../cluster/size.ts";

const UP = ["up", "--json", "--listen", "127.0.0.1", "--no-discovery", "--log", "silent", "--end-with-parent"] as const;
const ANY_PORTS = ["--http-port", "0", "--peer-port", "0"] as const;

/** A refusal in JSON with its code, words that say what to do, an exit code of its own, and no trace of the program's insides. */
function refused(finished: Finished, code: string, words: RegExp, what = ""): void {
  const { error } = finished.json<{ error: { code: string; message: string } }>();
  assert.equal(error.code, code, `${what} ${error.message}`);
  assert.match(error.message, words, what);
  assert.ok(finished.code !== 0 && finished.code !== 1 && finished.code !== null, `${what}: exit code ${finished.code}`);
  assert.doesNotMatch(finished.stdout + finished.stderr, /\n\s+at .*:\d+:\d+|node:internal/, what);
}

test("invites, names, folders and files that are not what they should be are refused with what to do", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, cellar] = (await bench.network(["attic", "cellar"])) as [TestHost, TestHost];
  await t.test("invites that are used, expired, forged or of another network", () => invites(bench, attic));
  await t.test("names that cannot be a site's, and one that another person has", () => siteNames(bench, attic, cellar));
  await t.test("folders with what cannot be read or leads out", () => folders(bench, attic));
  await t.test("a file that changes while it is published", () => changing(bench, attic));
});

async function invites(bench: Bench, attic: TestHost): Promise<void> {
  let number = 0;
  const join = (code: string): Promise<Finished> => {
    number += 1;
    const host = bench.host(`guest${number}`);
    return host.run(["join", "-", "--host", host.name, "--capacity", "1GB", "--json"], code);
  };
  const invite = async (): Promise<string> => (await attic.ask<{ code: string }>(["invite"])).code;
  const code = await invite();
  const known = readInviteCode(code);
  const misread = ["hf1", "hello", code.slice(0, -1), `${code}a`, code.replace(/.$/, (last) => (last === "a" ? "b" : "a")), `hf1${"a".repeat(9000)}`];
  await Promise.all(misread.map(async (typed) => refused(await join(typed), "BAD_INVITE", /Copy/, typed.slice(0, 60))));
  refused(await join(" "), "USAGE", /Standard input holds no invite/);
  refused(await join(writeInviteCode({ ...known, expiresMs: Date.now() - 1000 })), "INVITE_EXPIRED", /new one/);
  refused(await join(writeInviteCode({ ...known, seed: newSeed() })), "UNREACHABLE", /new one/, "a seed that the network does not know");
  refused(await join(writeInviteCode({ ...known, network: readInviteCode(code).entrances[0]!.host as string as NetworkId })), "BAD_INVITE", /./, "the network's id was exchanged");
  const expired = await soonExpired(attic);
  await sleep(1_100);
  refused(await join(writeInviteCode({ ...readInviteCode(expired), expiresMs: Date.now() + 60_000 })), "INVITE_EXPIRED", /new one/, "the clock of the inviting host counts");
  assert.equal((await join(code)).code, 0, "none of that has used the invite up");
  refused(await join(code), "INVITE_USED", /new one/);
  refused(await join(await invite().then((fresh) => writeInviteCode({ ...readInviteCode(fresh), entrances: [{ host: known.entrances[0]!.host, addresses: ["/ip4/127.0.0.1/tcp/1"] }] }))), "UNREACHABLE", /running|reach/);
}

/** An invite that holds for one second; the command line offers minutes at least. */
async function soonExpired(attic: TestHost): Promise<string> {
  const { url, token } = JSON.parse(await readFile(join(attic.data, "api.json"), "utf8")) as { url: string; token: string };
  const answer = await fetch(new URL("/api/invites", url), { method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: '{"expiresInMs":1000}' });
  return ((await answer.json()) as { code: string }).code;
}

async function siteNames(bench: Bench, attic: TestHost, cellar: TestHost): Promise<void> {
  const folder = join(bench.folder, "names");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "names");
  const unfit = ["", "..", "a/b", "xn--bcher-kva", "-a", "a".repeat(64), "localhost", "a\nb"];
  await Promise.all(unfit.map(async (name) => refused(await attic.run(["publish", folder, `--name=${name}`, "--json"]), name.length > 63 || name === "" ? "BAD_REQUEST" : "BAD_NAME", /./, name)));
  assert.equal((await attic.ask<{ site: { name: string } }>(["publish", folder, "--name", "Names"])).site.name, "names", "capitals are told apart nowhere");
  await attic.ask(["publish", folder, "--name", "a".repeat(63)]);
  refused(await cellar.run(["publish", folder, "--name", "names", "--json"]), "NAME_TAKEN", /another/i);
  refused(await cellar.run(["unpublish", "names", "--json"]), "NOT_OWNER", /./);
  assert.equal((await cellar.get("names")).text, "names");
}

/** Runs a command without root's right to read everything, as an ordinary person would. */
async function asOrdinary(host: TestHost, args: readonly string[]): Promise<Finished> {
  const ordinary = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
  const [command, ...rest] = [...ordinary, process.execPath, program(), ...args, "--data", host.data];
  const child = host.bench.watch(spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HOLDFAST_CONFIG: host.config } }));
  const [out, said]: [string[], string[]] = [[], []];
  child.stdout!.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const [code] = (await once(child, "close")) as [number | null];
  const stdout = out.join("");
  return { code, stdout, stderr: said.join(""), json: <T>() => JSON.parse(stdout) as T, rows: () => [] };
}

async function folders(bench: Bench, attic: TestHost): Promise<void> {
  const folder = join(bench.folder, "mixed");
  await mkdir(join(folder, "closed"), { recursive: true });
  await writeFile(join(folder, "index.html"), "mixed");
  await writeFile(join(folder, "secret.txt"), "secret");
  await chmod(join(folder, "secret.txt"), 0o000);
  const publish = (source = folder): Promise<Finished> => asOrdinary(attic, ["publish", source, "--name", "mixed", "--json"]);
  refused(await publish(), "UNFIT_FOLDER", /secret\.txt: cannot be read/);
  await chmod(join(folder, "secret.txt"), 0o600);
  await writeFile(join(folder, "closed/a.txt"), "a");
  await chmod(join(folder, "closed"), 0o000);
  refused(await publish(), "NO_PERMISSION", /closed/);
  await chmod(join(folder, "closed"), 0o700);
  await symlink("/etc", join(folder, "etc"));
  await symlink("../../..", join(folder, "closed/up"));
  refused(await publish(), "UNFIT_FOLDER", /closed\/up: a link that leads out[^]*etc: a link that leads out/);
  await rm(join(folder, "etc"));
  await rm(join(folder, "closed/up"));
  await symlink(".", join(folder, "closed/loop"));
  refused(await publish(), "UNFIT_FOLDER", /loop: a link to a folder that it lies in/);
  await rm(join(folder, "closed/loop"));
  refused(await publish("/dev/null"), "UNFIT_FOLDER", /neither a folder nor a file/);
  refused(await publish(join(bench.folder, "missing")), "UNFIT_FOLDER", /does not exist/);
  assert.deepEqual((await attic.ask<{ name: string }[]>(["sites"])).filter(({ name }) => name === "mixed"), [], "nothing of it was published");
  assert.equal((await publish()).code, 0, "mended, it is published");
}

async function changing(bench: Bench, attic: TestHost): Promise<void> {
  const folder = join(bench.folder, "changing");
  await mkdir(folder);
  await writeFile(join(folder, "index.html"), "changing");
  await writeFile(join(folder, "log.txt"), noise(64 * MIB));
  const writing = setInterval(() => appendFileSync(join(folder, "log.txt"), "line\n"), 1);
  const finished = await attic.run(["publish", folder, "--name", "changing", "--json"]);
  clearInterval(writing);
  refused(finished, "FILE_CHANGED", /log\.txt changed while it was being read\. Nothing was published/);
  assert.equal((await attic.get("changing")).status, 404);
}

test("data folders that are missing, exchanged, damaged or in use are refused with what to do", { timeout: 300_000 }, async (t) => {
  await using bench = await Bench.make();
  const [attic, cellar] = [bench.host("attic"), bench.host("cellar")];
  for (const host of [attic, cellar]) await host.ask(["init", "--network", "friends", "--host", host.name, "--capacity", "1GB"]);
  const up = (...more: string[]): Promise<Finished> => attic.run([...UP, ...(more.includes("--http-port") ? more : [...ANY_PORTS, ...more])]);

  await t.test("a disk that is not mounted, or another one in its place", async () => {
    const marker = join(attic.data, "holdfast.json");
    await rename(marker, `${marker}.away`);
    refused(await up(), "NOT_PRIMED", /may not be mounted/);
    await cp(join(cellar.data, "holdfast.json"), marker);
    refused(await up(), "WRONG_STORE", /another host/);
    await rename(`${marker}.away`, marker);
    await rename(attic.data, `${attic.data}.away`);
    refused(await up(), "NOT_PRIMED", /may not be mounted/);
    await mkdir(attic.data);
    refused(await up(), "NOT_PRIMED", /may not be mounted/);
    assert.deepEqual(await readdir(attic.data), [], "nothing was written where the disk is not");
    await rm(attic.data, { recursive: true });
    await rename(`${attic.data}.away`, attic.data);
  });

  await t.test("files of the folder that are damaged", () => damaged(attic, up));

  await t.test("ports that are taken or mean nothing", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const taken = String((server.address() as AddressInfo).port);
    refused(await up("--http-port", taken, "--peer-port", "0"), "PORT_TAKEN", new RegExp(`${taken}.*--http-port`));
    refused(await up("--http-port", "0", "--peer-port", taken), "PORT_TAKEN", new RegExp(`${taken}.*--peer-port`));
    server.close();
    await Promise.all(["70000", "-1", "1.5", "http", ""].map(async (port) => refused(await up("--http-port", port, "--peer-port", "0"), "USAGE", /65535/, port)));
  });

  await t.test("addresses and lists of peers that mean nothing", async () => {
    refused(await up("--announce", "nonsense"), "BAD_ADDRESS", /Type it as/);
    refused(await attic.run(["up", "--json", "--end-with-parent", "--listen", "not an address", ...ANY_PORTS]), "BAD_ADDRESS", /Type it as/);
    const list = join(bench.folder, "peers.txt");
    refused(await up("--peers", list), "BAD_SETTINGS", /hosts --addresses/);
    await writeFile(list, "# a comment\nnot-an-id /ip4/1.2.3.4/tcp/5\n");
    refused(await up("--peers", list), "BAD_ADDRESS", /Line 2/);
    await writeFile(list, noise(10_000));
    refused(await up("--peers", list), "BAD_SETTINGS", /peers\.txt/);
  });

  await t.test("a capacity that no disk has", async () => {
    const shed = bench.host("shed");
    const init = (size: string): Promise<Finished> => shed.run(["init", "--network", "x", "--host", "shed", `--capacity=${size}`, "--json"]);
    refused(await init("8000TB"), "CAPACITY_TOO_LARGE", /Give a smaller one/);
    await Promise.all(["0GB", "-1GB", "many", "1e99GB", "20", "900PB"].map(async (size) => refused(await init(size), "BAD_SIZE", /20GB/, size)));
  });

  await t.test("after all of it the host starts", async () => {
    await attic.up();
    refused(await up(), "DIRECTORY_IN_USE", /Another Holdfast runs/);
    assert.equal((await attic.ask<{ host: { name: string } }>(["status"])).host.name, "attic");
  });
});

async function damaged(attic: TestHost, up: () => Promise<Finished>): Promise<void> {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["settings.json", "BAD_SETTINGS", /Mend it/],
    ["network.cbor", "BAD_SETTINGS", /network\.cbor is damaged.*backup/],
    ["delegation.cbor", "BAD_SETTINGS", /delegation\.cbor is damaged.*key import/],
    ["host.key", "BAD_SETTINGS", /host\.key is damaged.*backup/],
    ["holdfast.json", "MARKER_DAMAGED", /backup/],
  ];
  for (const [name, code, words] of cases) {
    const path = join(attic.data, name);
    const whole = await readFile(path);
    for (const bytes of [whole.subarray(0, whole.length >> 1), noise(200)]) {
      await writeFile(path, bytes);
      refused(await up(), code, words, `${name}, ${bytes.length} bytes`);
    }
    await writeFile(path, whole);
  }
  const settings = join(attic.data, "settings.json");
  const whole = await readFile(settings, "utf8");
  for (const wrong of [{ capacityBytes: -1 }, { capacityBytes: "20GB" }, { httpPort: 70_000, peerPort: 1 }]) {
    await writeFile(settings, JSON.stringify({ ...(JSON.parse(whole) as object), ...wrong }));
    refused(await up(), "BAD_SETTINGS", /Mend it/, JSON.stringify(wrong));
  }
  await writeFile(settings, whole);
  const known = join(attic.config, "hosts.json");
  const list = await readFile(known);
  await writeFile(known, "{");
  refused(await up(), "BAD_SETTINGS", /hosts\.json cannot be read/);
  await writeFile(known, list);
  // What only shortens a search is begun anew.
  await writeFile(join(attic.data, "addresses.cbor"), noise(300));
  await writeFile(join(attic.data, "api.json"), "{");
}
