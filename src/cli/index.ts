// cli: the command line. One file per command under commands/, each loaded only when it is asked for; and the demo,
// which starts a network of several hosts on one machine out of these same commands.
// In: arguments, the terminal, signals. Out: words for people or JSON for programs, and an exit code from one table.
// Commands that act on a running host talk to its HTTP API; only priming, joining and `up` work on a data folder.
export { main } from "./program.ts";
