import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

const database = new DatabaseSync(workerData as string);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS log (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
database.prepare("INSERT OR REPLACE INTO log VALUES (?, ?)").run(new Uint8Array([1]), new Uint8Array([2]));
parentPort!.on("message", () => database.close());
parentPort!.postMessage("open", []);
