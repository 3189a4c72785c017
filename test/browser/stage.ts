import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BrowserContext } from "playwright-core";
import { build } from "vite";
import type { Bench, TestHost } from "../cluster/harness.ts";
import { Visit } from "./browser.ts";

// A network with something to show, and a way into its Browser.

const SAMPLE_SITE = resolve(import.meta.dirname, "../../sample-site");

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
