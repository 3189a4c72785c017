// site: public trees of files under a name. Publishing as UnixFS, heads and history, names, and reading a path of a site from any host.
// In: files and a name. Out: the content id, and every file of every site on every host.
export type { DomainInfo, DomainStanding, Domains, FileInfo, HeadInfo, HostVisits, Publication, PublishOptions, PublishResult, SiteFile, SiteInfo, SiteView, SiteVisits, Sites, VisitCounter } from "./port.ts";
export { createSites } from "./sites.ts";
export type { RunningSites, SiteParts } from "./sites.ts";
export { domainOf } from "./domains/domain-name.ts";
export type { LookUpTexts } from "./domains/proofs.ts";
export { domainRule, nameRule, siteRule } from "./rules.ts";
export { SITE_TYPE } from "./claim.ts";
export { SiteError } from "./errors.ts";
export type { SiteErrorCode } from "./errors.ts";
export { siteNameOf } from "./names.ts";
export { readNode, stepTo } from "./unixfs/read-node.ts";
export { fileIdOf } from "./unixfs/file-id.ts";
export { requestsOf } from "./visits/visit-records.ts";
export { isRulesFile, readWebRules, rulesFaults } from "./web/web-rules.ts";
export type { WebRules } from "./web/web-rules.ts";
export type { HeaderChanges } from "./web/header-rules.ts";
