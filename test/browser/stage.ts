import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BrowserContext } from "playwright-core";
import { build } from "vite";
import type { Bench, TestHost } from "../cluster/harness.ts";
import { Visit } from "./browser.ts";

// A network with something to show, and a way into its Browser.

const SAMPLE_SITE = resolve(import.meta.dirname, "../../sample-site");

const PAPERS = [["insurance.txt", "Policy 4711, paid until May.\n"], ["recipes.md", "# Bread\n\n500 g flour, 350 g water, 10 g salt, and a day.\n"], ["tax 2025.csv", "year;amount\n2025;1234\n"]] as const;

/** Builds the Browser as it stands, for what `npm ci` built may be older than the sources. */
export async function buildBrowser(): Promise<void> {
  await build({ root: resolve(import.meta.dirname, "../../browser"), logLevel: "error" });
}

/** Hosts with the sample site, a small blog of three versions, and private files of the first host's person. */
export async function furnishedNetwork(bench: Bench, names: readonly string[]): Promise<readonly TestHost[]> {
  const hosts = await bench.network(names);
  const [first, second] = hosts as [TestHost, TestHost];
  const blog = join(bench.folder, "blog");
  await mkdir(blog);
  await first.ask(["publish", SAMPLE_SITE, "--name", "welcome"]);
  for (const version of [1, 2, 3]) {
    await writeFile(join(blog, "index.html"), `<!doctype html><title>Blog</title><h1>Entry ${version}</h1>`);
    await second.ask(["publish", blog, "--name", "blog"]);
  }
  const papers = join(bench.folder, "papers");
  await mkdir(papers);
  for (const [name, text] of PAPERS) await writeFile(join(papers, name), text);
  await first.ask(["put", papers]);
  await first.ask(["put", join(SAMPLE_SITE, "drawings/forest.svg")]);
  return hosts;
}

/** Opens the Browser of a host with a new link, in a context that had none. */
export async function enter(context: BrowserContext, host: TestHost, hash = ""): Promise<Visit> {
  const { link } = await host.ask<{ link: string }>(["browser"]);
  const visit = await Visit.begin(context);
  await visit.goto(link);
  await visit.page.locator("html.browser nav").waitFor();
  if (hash !== "") await visit.page.goto(`http://127.0.0.1:${host.httpPort}/${hash}`);
  return visit;
}
