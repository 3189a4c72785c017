import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Bench } from "../cluster/harness.ts";
import { openBrowser } from "./browser.ts";
import { buildBrowser, enter, furnishedNetwork } from "./stage.ts";

// Takes the pictures of the Browser that the README shows: `npm run screens`.

const FOLDER = resolve(import.meta.dirname, "../../docs/screens");
const PAGES = ["sites", "sites/blog", "publish", "files", "hosts", "invite", "health"] as const;
const LOOKS = [
  { suffix: "", viewport: { width: 1100, height: 760 }, colorScheme: "light" },
  { suffix: "-dark", viewport: { width: 1100, height: 760 }, colorScheme: "dark" },
  { suffix: "-phone", viewport: { width: 390, height: 760 }, colorScheme: "light" },
] as const;

await using bench = await Bench.make();
await using browser = await openBrowser();
await buildBrowser();
const [host] = await furnishedNetwork(bench, ["attic", "cellar", "barn", "shed"]);
const [, picture] = (await host!.ask<{ id: string; name: string }[]>(["ls"])).toSorted((a, b) => Number(a.name === "forest.svg") - Number(b.name === "forest.svg"));
const folder = process.argv[2] ?? FOLDER;
await mkdir(folder, { recursive: true });
for (const { suffix, viewport, colorScheme } of LOOKS) {
  await using context = await browser.newContext({ viewport, colorScheme });
  const visit = await enter(context, host!);
  for (const page of [...PAGES, `files/${picture!.id}`]) {
    await visit.page.goto(`http://127.0.0.1:${host!.httpPort}/#/${page}`);
    await visit.page.waitForTimeout(1200);
    await visit.page.screenshot({ path: join(folder, `${page.startsWith("files/") ? "file" : page.replace("/", "-")}${suffix}.png`) });
    console.log(page, suffix, await visit.complaints());
  }
}
