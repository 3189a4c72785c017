// Sites that nobody here wrote, out of npm packages, and a crawler that compares what hosts serve of them with the folders they came from.

import { execFile } from "node:child_process";
import { cp, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Answer } from "../cluster/harness.ts";

const PACKAGES = resolve(import.meta.dirname, "../../node_modules");

/** Documentation of a CSS framework: 64 pages with their pictures, styles and icons. */
export const documentation = join(PACKAGES, "spectre.css/docs");

/** A wiki in one page, and each of its articles as a page of its own, whose files have percent-encoded names, so that links to them are encoded twice. */
export async function renderWiki(to: string): Promise<string> {
  const wiki = join(PACKAGES, "tiddlywiki");
  const rendered = ["--rendertiddler", "$:/core/save/all", "index.html", "text/plain", "--rendertiddler", "$:/core/templates/static.template.html", "static.html", "text/plain", "--rendertiddlers", "[!is[system]]", "$:/core/templates/static.tiddler.html", "static", "text/plain", "--rendertiddler", "$:/core/templates/static.template.css", "static/static.css", "text/plain"];
  await promisify(execFile)(process.execPath, ["--no-deprecation", join(wiki, "tiddlywiki.js"), join(wiki, "editions/dev"), "--output", to, ...rendered]);
  return to;
}

/** A single-page application: the viewer of a test runner's traces. Every address of it leads to its page. */
export async function copyApplication(to: string): Promise<string> {
  await cp(join(PACKAGES, "playwright-core/lib/vite/traceViewer"), to, { recursive: true });
  await writeFile(join(to, "_redirects"), "/* /index.html 200\n");
  return to;
}

export interface Crawled {
  /** Pages and files that were reached from the first page. */
  readonly reached: number;
  /** Files of the folder, all of which were compared. */
  readonly files: number;
  /** Links that lead to nothing in the folder. */
  readonly broken: readonly string[];
}

const LINKS = [/\b(?:href|src|poster|data)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi, /\burl\(\s*(?:"([^"]*)"|'([^']*)'|([^)"'\s]*))\s*\)/gi, /@import\s+(?:"([^"]*)"|'([^']*)')/gi];

/** What a page or a style sheet leads to on its own site, as paths without fragment. */
export function linksIn(text: string, base: string): string[] {
  const found = LINKS.flatMap((pattern) => [...text.matchAll(pattern)]).map(([, ...groups]) => groups.find((each) => each !== undefined) ?? "");
  const links = found.map((link) => link.replaceAll("&amp;", "&").trim()).filter((link) => link !== "" && !link.startsWith("#"));
  const origin = new URL(base).origin;
  const urls = links.map((link) => (URL.canParse(link, base) ? new URL(link, base) : undefined)).filter((url) => url?.origin === origin);
  return [...new Set(urls.map((url) => url!.pathname))];
}

/** The file that a path of the site stands for, by the rules of docs/HOSTING.md; undefined when there is none. */
async function fileFor(folder: string, path: string): Promise<string | undefined> {
  const plain = decodeURIComponent(path);
  for (const candidate of plain.endsWith("/") ? [`${plain}index.html`] : [plain, `${plain}.html`]) {
    const found = await stat(join(folder, candidate)).catch(() => undefined);
    if (found?.isFile() === true) return join(folder, candidate);
  }
  return undefined;
}

/**
 * Follows every link from the first page on, then asks for every file of the folder, and compares each answer with the folder.
 * @param first where a visitor without scripts begins
 * @param fallback the file that stands for every path without one
 * @throws when anything that is served is not what the folder has
 */
export async function crawl(folder: string, get: (path: string) => Promise<Answer>, { first = "/", fallback }: { readonly first?: string; readonly fallback?: string } = {}): Promise<Crawled> {
  const [waiting, seen, broken] = [[first], new Set([first]), [] as string[]];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const answer = await get(path);
    const file = (await fileFor(folder, path)) ?? (fallback === undefined ? undefined : join(folder, fallback));
    if (file === undefined) {
      if (answer.status !== 404) throw new Error(`${path} is not in the folder and was answered with ${answer.status}`);
      broken.push(path);
      continue;
    }
    await assertSame(path, answer, file);
    if (!/^text\/(?:html|css)/.test(answer.headers["content-type"] ?? "")) continue;
    for (const link of linksIn(answer.text, `http://site.example${path}`)) {
      if (!seen.has(link)) waiting.push(link);
      seen.add(link);
    }
  }
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((each) => each.isFile() && !/^_(?:redirects|headers)$/.test(each.name));
  for (const { parentPath, name } of files) {
    const file = join(parentPath, name);
    const path = file.slice(folder.length).split("/").map(encodeURIComponent).join("/");
    await assertSame(path, await get(path), file);
  }
  return { reached: seen.size - broken.length, files: files.length, broken };
}

async function assertSame(path: string, answer: Answer, file: string): Promise<void> {
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
  if (!answer.body.equals(await readFile(file))) throw new Error(`${path} is not what ${file} has`);
}
