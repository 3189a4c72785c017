// site: public trees of files under a name. Publishing as UnixFS, heads and history, names, and reading a path of a site from any host.
// In: files and a name. Out: the content id, and every file of every site on every host.
export type { FileInfo, HeadInfo, Publication, PublishOptions, PublishResult, SiteFile, SiteInfo, SiteView, Sites } from "./port.ts";
