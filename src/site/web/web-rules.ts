import type { SiteFile, SiteView } from "../port.ts";
import { HeaderRules, parseHeaderRules } from "./header-rules.ts";
import { Redirects, parseRedirects } from "./redirects.ts";
import type { RuleFault } from "./rule-path.ts";
import { MAX_RULES_FILE_BYTES } from "./rule-path.ts";

/** What a site's own files say about how it is served. */
export interface WebRules {
  readonly redirects: Redirects;
  readonly headers: HeaderRules;
}

export const REDIRECTS_FILE = "_redirects";
export const HEADERS_FILE = "_headers";

/** Whether the file tells hosts how to serve the site. It is no page, and lies on every host, so that no host serves the site without it. */
export function isRulesFile(path: string): boolean {
  return path === REDIRECTS_FILE || path === HEADERS_FILE;
}

const NO_RULES: WebRules = { redirects: new Redirects([]), headers: new HeaderRules([]) };

/** What is wrong with the text of a rules file, line by line, for whoever publishes it. */
export function rulesFaults(path: string, bytes: Uint8Array): readonly RuleFault[] {
  if (bytes.length > MAX_RULES_FILE_BYTES) return [{ line: 1, words: `the file is larger than ${MAX_RULES_FILE_BYTES / 1024} KiB, so that none of it counts` }];
  const text = textOf(bytes);
  return path === REDIRECTS_FILE ? parseRedirects(text).faults : parseHeaderRules(text).faults;
}

/** Reads both files of a head. What cannot be used is left out: it was told at the publication. @throws what reading throws */
export async function readWebRules(view: SiteView, signal?: AbortSignal): Promise<WebRules> {
  const [redirects, headers] = await Promise.all([contentOf(view, REDIRECTS_FILE, signal), contentOf(view, HEADERS_FILE, signal)]);
  if (redirects === undefined && headers === undefined) return NO_RULES;
  return { redirects: parseRedirects(redirects ?? "").redirects, headers: parseHeaderRules(headers ?? "").headers };
}

async function contentOf(view: SiteView, path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const file: SiteFile | undefined = view.file(path);
  // What only the head before has does not rule this one.
  if (file === undefined || file.isLent === true || file.sizeBytes > MAX_RULES_FILE_BYTES) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of file.read(0, file.sizeBytes, signal)) parts.push(part);
  return textOf(Buffer.concat(parts));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
