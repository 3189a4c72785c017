import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { TestHost } from "../cluster/harness.ts";
import { Bench } from "../cluster/harness.ts";
import { openBrowser } from "./browser.ts";
import { addressOn, beginSetup } from "./first-run.ts";
import { buildBrowser, enter, furnishedNetwork } from "./stage.ts";

// Takes the pictures of the Browser that the README shows: `npm run screens`.

const DESKTOP = { width: 1000, height: 660 } as const;
const PHONE = { width: 390, height: 760 } as const;

interface Shot {
  readonly name: string;
  readonly page: string;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
  /** Done on the page before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: "sites", page: "sites", viewport: DESKTOP, colorScheme: "light", prepare: (page) => page.getByRole("combobox").fill("re") },
  { name: "site", page: "sites/blog", viewport: DESKTOP, colorScheme: "light" },
  { name: "publish", page: "publish", viewport: DESKTOP, colorScheme: "light" },
  { name: "files", page: "files", viewport: PHONE, colorScheme: "light" },
  { name: "hosts", page: "hosts", viewport: DESKTOP, colorScheme: "dark" },
  { name: "health", page: "health", viewport: DESKTOP, colorScheme: "light" },
  { name: "invite", page: "invite", viewport: PHONE, colorScheme: "dark" },
];

const folder = process.argv[2] ?? resolve(import.meta.dirname, "../../docs/screens");
const settled = (page: Page): Promise<void> => page.waitForTimeout(1_500);

async function take(browser: Browser, host: TestHost, { name, page: place, viewport, colorScheme, prepare }: Shot): Promise<void> {
  await using context = await browser.newContext({ viewport, colorScheme });
  const { page } = await enter(context, host, `#/${place}`);
  await settled(page);
  await prepare?.(page);
  await settled(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

await using bench = await Bench.make();
await using browser = await openBrowser();
await Promise.all([buildBrowser(), mkdir(folder, { recursive: true })]);
const hosts = await furnishedNetwork(bench, ["attic", "cellar", "pantry", "study"]);
for (const name of ["recipes", "choir"]) {
  await writeFile(join(bench.folder, "blog", `${name}.html`), `<!doctype html><title>${name}</title>`);
  await hosts[2]!.ask(["publish", join(bench.folder, "blog"), "--name", name]);
}
const setup = await beginSetup({ bench, browser }, "setup", { ...DESKTOP, height: 880 });
await hosts[0]!.ask(["nearby", "visit", await addressOn(setup.page)]);
await setup.page.getByRole("button", { name: "Ask attic" }).waitFor();
await setup.page.getByLabel("asks under the name").fill("loft");
await setup.page.locator("h1").click();
await settled(setup.page);
await setup.page.screenshot({ path: join(folder, "setup.png") });
await setup.close();
await hosts[3]!.kill();
await new Promise((resolve) => setTimeout(resolve, 5_000));
for (const shot of SHOTS) await take(browser, hosts[0]!, shot);
