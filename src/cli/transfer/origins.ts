// What a page takes from where it will not be found once it is published: told to its author, never changed.

/** How much of a page is looked at: what matters stands in its head, or is found often. */
export const LOOKED_AT_BYTES = 256 * 1024;

const SERVER_PROGRAM = /\.(?:php\d?|phtml|asp|aspx|jsp|cgi|pl)$/i;
const SERVER_SETTINGS = /(?:^|\/)(?:\.htaccess|web\.config|nginx\.conf|Caddyfile)$/i;
const PAGE = /\.(?:html?|xhtml)$/i;

/** What a file's name alone says. */
export function nameAdvice(path: string): string | undefined {
  if (SERVER_PROGRAM.test(path)) return "is a program for a server; hosts send it as it is and do not run it";
  if (SERVER_SETTINGS.test(path)) return "has settings for another server; write _redirects and _headers instead";
  return undefined;
}

export function isPage(path: string): boolean {
  return PAGE.test(path);
}

const TELLING: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/(?:src|href|action)\s*=\s*["']?file:\/\/\/?([^"'\s>]{0,60})/i, (found) => `points into the author's own disk (file:///${found})`],
  [/(?:src|href|action|fetch\()\s*=?\s*["'`]?(https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)(?=[/"'`\s>?#])/i, (found) => `asks ${found}, which is the visitor's own machine`],
  [/<(?:script|iframe)\s[^>]*src\s*=\s*["']?(http:\/\/(?!localhost|127\.0\.0\.1|\[::1\])[^"'\s>]{1,80})/i, (found) => `takes ${found}, which browsers refuse where the site is shown by https`],
  [/<link\s(?=[^>]*rel\s*=\s*["']?stylesheet)[^>]*href\s*=\s*["']?(http:\/\/(?!localhost|127\.0\.0\.1|\[::1\])[^"'\s>]{1,80})/i, (found) => `takes ${found}, which browsers refuse where the site is shown by https`],
  [/<base\s[^>]*href\s*=\s*["']?(https?:\/\/[^"'\s>]{1,80})/i, (found) => `takes all its parts from ${found}, by its <base>`],
  [/<form\s[^>]*method\s*=\s*["']?post["']?(?![^>]*action\s*=\s*["']?https?:)[^>]*>/i, () => "has a form that is sent back to the site, where nothing takes it"],
];

/** What in a page will not work from the site's own address. @param text its beginning */
export function pageAdvice(text: string): string[] {
  return TELLING.flatMap(([pattern, words]) => {
    const found = pattern.exec(text);
    return found === null ? [] : [words(found[1] ?? "")];
  });
}
