import { isUtf8 } from "node:buffer";
import mime from "mime";

const SNIFFED_BYTES = 4096;

/**
 * The media type to serve a file under: by its ending, and text by its look where the ending says nothing. Text that is UTF-8 says so;
 * text in another encoding is left to what it declares itself.
 * @param start the first bytes of the content
 */
export function mediaTypeOf(path: string, start: Uint8Array): string {
  const known = mime.getType(path);
  if (known === null) return looksLikeText(start) ? "text/plain; charset=utf-8" : "application/octet-stream";
  return known.startsWith("text/") && startIsUtf8(start) ? `${known}; charset=utf-8` : known;
}

function looksLikeText(start: Uint8Array): boolean {
  return start.length > 0 && !start.subarray(0, SNIFFED_BYTES).includes(0) && startIsUtf8(start);
}

function startIsUtf8(start: Uint8Array): boolean {
  const sniffed = start.subarray(0, SNIFFED_BYTES);
  // The cut may fall within a character of up to four bytes.
  const whole = sniffed.length < SNIFFED_BYTES ? sniffed : sniffed.subarray(0, lastCharacterStart(sniffed));
  return isUtf8(whole);
}

/** Where the last character of UTF-8 text begins; a few bytes from the end at most. */
function lastCharacterStart(bytes: Uint8Array): number {
  let at = bytes.length - 1;
  while (at > bytes.length - 4 && (bytes[at]! & 0xc0) === 0x80) at -= 1;
  return at;
}
