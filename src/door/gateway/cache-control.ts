/** A year: the longest that RFC 9111 has in mind. */
const FOREVER = "public, max-age=31536000, immutable";
/** Kept, but asked about each time: an unchanged file then costs 304 and no content. */
const REVALIDATE = "no-cache";

const ASSET = /^(?:text\/css|(?:text|application)\/javascript|application\/(?:wasm|json)|font\/|image\/|audio\/|video\/)/i;
/** The last word of a name before its endings: "3f2a9c1b" of app.3f2a9c1b.js, "BxY3kd9a" of index-BxY3kd9a.css.map. */
const MARK = /[.\-_]([A-Za-z0-9_-]{8,64})(?:\.(?:chunk|min|module))?\.[a-z0-9]{2,5}(?:\.map)?$/;

/**
 * How long a browser or a CDN may keep a file without asking. A name that has a hash of the content in it, as bundlers give them, never
 * comes to mean something else. Only what can hardly be a word or a date is taken for a hash: a wrong guess would show old content for a
 * year, a missed one costs a question.
 */
export function cacheControlOf(path: string, type: string): string {
  if (!ASSET.test(type)) return REVALIDATE;
  const word = MARK.exec(path.slice(path.lastIndexOf("/") + 1))?.[1];
  return word !== undefined && [word, word.slice(word.lastIndexOf("-") + 1)].some(isHash) ? FOREVER : REVALIDATE;
}

function isHash(word: string): boolean {
  if (word.length < 8) return false;
  const isMixed = /\d/.test(word) && /[A-Za-z]/.test(word);
  // Hexadecimal of webpack and others, and base 32 of esbuild: letters of one case with digits among them.
  if (/^(?:[0-9a-f]+|[A-Z2-7]{8})$/.test(word)) return isMixed && !/^[a-z]+\d+$|^[A-Z]+\d+$|^\d+[a-zA-Z]$/.test(word);
  // Base 64 of Vite and Rollup has eight letters: both cases, and a digit that no number at the end of a word explains.
  return /^[A-Za-z0-9_]{8}$/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d[A-Za-z]/.test(word);
}
