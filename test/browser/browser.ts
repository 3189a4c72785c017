import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";

// The system's Chromium, and an eye on every page that it opens. Scripts for the page are strings, because the project's types know no DOM.

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"] as const;
/** A name of the wide web that is bound to this machine, as an attacker would bind it. */
export const REBOUND = "evil.example";
/** Chromium asks nothing of anybody but what the pages ask for. Without a sandbox it also runs as root, as in containers. */
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`];

export const DESKTOP = { width: 1280, height: 800 } as const;
export const PHONE = { width: 390, height: 844 } as const;

export function openBrowser(): Promise<Browser> {
  const executablePath = CANDIDATES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error(`No Chromium at ${CANDIDATES.join(", ")}. Install Debian's package chromium.`);
  return chromium.launch({ executablePath, args: FLAGS });
}

/** The least contrast of text against what is behind it (WCAG 2.2, 1.4.3). */
const CONTRAST_MIN = 4.5;

/** Texts with less contrast, as "ratio: text". Text on pictures is not measured. */
const PALE_TEXTS = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
    const part = rgb[at] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3) return colour;
    }
    return [255, 255, 255];
  };
  const ratio = (element) => {
    const [dark, light] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = [...document.querySelectorAll("header a, .served *, main *, footer *")].filter((element) => element.closest("svg, .hero") === null && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""));
  return texts.filter((element) => ratio(element) < ${CONTRAST_MIN}).map((element) => ratio(element).toFixed(1) + ": " + element.textContent.trim().slice(0, 40));
})()`;

/** Addresses of pictures that show nothing. Lazy ones are loaded first. */
const BLANK_PICTURES = `(async () => {
  const pictures = [...document.images];
  for (const picture of pictures) picture.loading = "eager";
  await Promise.allSettled(pictures.map((picture) => picture.decode()));
  return pictures.filter((picture) => picture.naturalWidth === 0).map((picture) => picture.src);
})()`;

/** Evaluated by the debugger, which no policy of the page keeps out. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const EXCESS_WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

/** One page in the browser, and everything that went wrong in it since it was opened. */
export class Visit {
  readonly page: Page;
  /** Origins besides the page's own of which it may ask. */
  readonly #mayAsk: readonly string[];
  #wrong: string[] = [];

  private constructor(page: Page, mayAsk: readonly string[]) {
    this.page = page;
    this.#mayAsk = mayAsk;
    page.on("pageerror", (error) => this.#wrong.push(`script error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#wrong.push(`console: ${message.text()}`);
    });
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // A page gives up what it asks when a person goes on before the answer.
      if (request.resourceType() === "fetch" && why === "net::ERR_ABORTED") return;
      this.#wrong.push(`failed request: ${request.url()} ${why}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) this.#wrong.push(`status ${response.status()}: ${response.url()}`);
    });
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      const own = request.isNavigationRequest() ? origin : new URL(page.url()).origin;
      if (protocol !== "data:" && origin !== own && !this.#mayAsk.includes(origin)) this.#wrong.push(`request to another origin: ${request.url()}`);
    });
  }

  static async begin(context: BrowserContext, mayAsk: readonly string[] = []): Promise<Visit> {
    return new Visit(await context.newPage(), mayAsk);
  }

  /** Goes there and returns the status of the page. What went wrong before is forgotten. */
  async goto(url: string): Promise<number> {
    this.#wrong = [];
    const response = await this.page.goto(url);
    return response?.status() ?? 0;
  }

  /** What keeps people with other senses or hands than most from using the page as it stands, by the rules of WCAG that axe-core knows. */
  async barriers(): Promise<readonly string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate<readonly string[]>("axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)))");
  }

  /** What a visitor of the page as it stands has to complain of, each in a line. */
  async complaints(): Promise<readonly string[]> {
    const blank = await this.page.evaluate<readonly string[]>(BLANK_PICTURES);
    const pale = await this.page.evaluate<readonly string[]>(PALE_TEXTS);
    const excess = await this.page.evaluate<number>(EXCESS_WIDTH);
    const wide = excess > 0 ? [`wider than the window by ${excess} px`] : [];
    return [...this.#wrong, ...blank.map((src) => `blank picture: ${src}`), ...pale.map((text) => `pale text ${text}`), ...wide];
  }
}
