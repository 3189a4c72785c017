// daemon: the one place that builds things. Priming and joining of a data directory, and the running host: every object of every room,
// each handed what it needs, started in order and stopped in the reverse.
// In: a data directory and options. Out: a host that serves, and what the command line asks without one.
export { DaemonError } from "./errors.ts";
export type { DaemonErrorCode } from "./errors.ts";
export { PersonalConfig } from "./personal.ts";
export type { KnownDirectory } from "./personal.ts";
export { decodeInvite, describeDirectory, doctor, exportPhrase, importPhrase, initNetwork, joinNetwork, openNearby, readApiAddress, renewHost, runHost, setUpHost } from "./entry.ts";
export type { DirectoryDescription } from "./entry.ts";
export type { InitOptions, JoinOptions, PrimeOptions, Primed } from "./prime.ts";
export type { RenewOptions, Renewed } from "./renew.ts";
export type { HostOptions, RunningHost } from "./host.ts";
export type { Nearby } from "./nearby.ts";
export type { SetUp } from "./setup.ts";
export type { ApiAddress } from "./directory.ts";
export type { Finding } from "./doctor.ts";
