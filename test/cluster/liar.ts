// A host that lies about what it keeps: the program's own classes with a store that keeps nothing. Run with a data directory and what it does
// when it is asked for a piece: "deletes" says that it is not there, "fetches" borrows the leaves from another holder at that moment.

import { AddressBook } from "../../src/daemon/address-book.ts";
import { DataDirectory } from "../../src/daemon/directory.ts";
import { LiveSettings } from "../../src/daemon/live-settings.ts";
import { openStore } from "../../src/daemon/open-store.ts";
import { choosePorts } from "../../src/daemon/ports.ts";
import type { Rooms } from "../../src/daemon/rooms.ts";
import { furnish } from "../../src/daemon/rooms.ts";
import { jsonLog, machineEnv } from "../../src/platform/index.ts";
import { Conversation } from "../../src/pool/read/conversation.ts";
import { PoolError } from "../../src/pool/errors.ts";
import type { Borrow } from "../../src/pool/fakes/lying-store.ts";
import { LyingStore } from "../../src/pool/fakes/lying-store.ts";

const [data = "", lie = ""] = process.argv.slice(2);
const env = machineEnv(jsonLog("info"));
await using started = new AsyncDisposableStack();
const directory = new DataDirectory(data);
const store = await openStore(env, directory, undefined, started);
const ports = await choosePorts(directory, store.settings, { httpPort: 0, peerPort: 0 });
const known: { rooms?: Rooms } = {};

const borrow: Borrow = async (pack, index, firstLeaf, leafCount) => {
  const { records, pool, transport } = known.rooms!;
  const holders = records.namespaces().flatMap((namespace) => pool.info(namespace, pack)?.pieces ?? []);
  const others = holders.filter((holding) => holding.index === index && transport.connected().includes(holding.host));
  for (const { host } of others.sort(() => env.random.fraction() - 0.5)) {
    const conversation = new Conversation(env, transport, host, () => {});
    try {
      return await conversation.ask({ pack, index, firstLeaf, leafCount }, AbortSignal.timeout(5_000));
    } catch {
      // The other liar has nothing either.
    }
  }
  throw new PoolError("NOT_HELD", "nobody lends it");
};

const ground = {
  directory,
  identity: store.identity,
  settings: await LiveSettings.open(directory),
  delegation: await directory.delegation(),
  seedOf: () => Promise.reject(new Error("a liar acts for nobody")),
  ports,
  web: { port: 0 },
  store: { ...store, pieces: new LyingStore(store.pieces, lie === "fetches" ? borrow : undefined) },
  addressBook: await AddressBook.open(directory.file("addresses.cbor")),
};
const rooms = await furnish(env, { listen: "127.0.0.1", discovery: false }, ground, started);
known.rooms = rooms;
await rooms.start();
rooms.pool.start();
process.stdout.write(`${JSON.stringify({ ready: true, hostId: ground.identity.host })}\n`);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once("end", resolve));
