// door: HTTP on the machine itself. The gateway that serves sites to web browsers, the API for the command line and the Browser, the start page,
// metrics. In: requests by Host header, and the running host behind the port `Node`. Out: files with all that the web expects of
// them, JSON guarded by a token, and what an error's code means as HTTP status and exit code.
export { createDoor } from "./door.ts";
export type { Door, DoorOptions, WebOptions } from "./door.ts";
export type { ListenerLimits, Place } from "./listener.ts";
export { DoorError } from "./errors.ts";
export type { DoorErrorCode } from "./errors.ts";
export type { LanOptions } from "./lan/lan-doors.ts";
export type { Applicants, Gauge, Node, SitePorts, Upkeep } from "./port.ts";
export type { Acknowledged, CreatedInvite, ErrorBody, FileFault, FileRow, HeadRow, HostRow, InviteGrants, InviteRow, Layout, LayoutRow, NetworkSettings, PeerAddresses, PublishRow, SettingChanges, SiteRow, Status, WorkerRow } from "./rows.ts";
export type { ApplicantRow, SponsorRow } from "./applicant-rows.ts";
export type { PartingRow, PoolHostRow, PoolPersonRow, PoolRow, WherePack, WhereRow } from "./pool-rows.ts";
export type { DomainRow } from "./domain-rows.ts";
export type { VisitRow } from "./visit-rows.ts";
export type { CapacityRow, MirrorsRow, PersonRow } from "./upkeep-rows.ts";
export type { SourceRow } from "./api/source-tally.ts";
export type { BlobRow, EntryFaultRow, EntryRow, PrivateRow, PutRow, UpgradePlanRow, UpgradeRow } from "./entry-rows.ts";
export { createSetupDoor } from "./setup/setup-door.ts";
export type { NearbyDesk, SetupDesk } from "./setup/setup-routes.ts";
export type { AskedSponsor, SetupCreate, SetupDone, SetupFacts, SetupInvite, SetupJoin, SetupNearby } from "./setup/setup-rows.ts";
export type { DemoLink, DemoSwitch } from "./api/demo-routes.ts";
export type { SearchRow } from "./api/search-routes.ts";
export type { EventRow, NewsRow } from "./live/event-rows.ts";
export type { KvChange, KvCreate, KvEntry, KvNamespace, KvRead, KvScan, KvWriteRow, KvWritten } from "./kv-rows.ts";
export { counted, listed, whileAwayWords } from "./survival-words.ts";
export { EXIT, exitCodeOf, httpStatusOf, knownCodes } from "./status.ts";
