const TITLE = /<title(?:\s[^>]*)?>([^<]*)<\/title/i;
const LETTERS_MAX = 200;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
const decoder = new TextDecoder();

/** The title of a page of HTML, by its beginning; undefined when it says none there. Text for people, and never to be taken for HTML again. */
export function titleIn(html: Uint8Array): string | undefined {
  const raw = TITLE.exec(decoder.decode(html))?.[1] ?? "";
  const words = raw.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, meant).replaceAll(/\s+/g, " ").trim();
  return words === "" ? undefined : words.slice(0, LETTERS_MAX);
}

/** What an escaped letter stands for; the rest of HTML's two thousand names stay as they are. */
function meant(whole: string, decimal: string | undefined, hexadecimal: string | undefined, name: string | undefined): string {
  if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole;
  const code = decimal === undefined ? Number.parseInt(hexadecimal!, 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
