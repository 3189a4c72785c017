import { enableCompileCache } from "node:module";

// The engines without Holdfast: an empty program with libp2p over TCP, TLS and yamux that listens, and a SQLite database in a worker, run
// by type stripping and with a compile cache as Holdfast is. What a host takes beyond this is Holdfast's own.
enableCompileCache();

const [database] = process.argv.slice(2);
const { openStack } = await import("./bare-stack-parts.ts");
await openStack(database!);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
process.stdin.resume().on("end", () => process.exit());
