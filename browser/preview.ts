// What of a private file can be shown. It is shown from memory under a type of our choice, never as a page: nothing in it can become a script.

export type Preview = { readonly kind: "picture" | "film" | "sound" | "pdf"; readonly type: string } | { readonly kind: "text" };

const PICTURES: Readonly<Record<string, string>> = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif", svg: "image/svg+xml", bmp: "image/bmp", ico: "image/x-icon" };
const FILMS: Readonly<Record<string, string>> = { mp4: "video/mp4", m4v: "video/mp4", webm: "video/webm", mov: "video/quicktime", ogv: "video/ogg" };
const SOUNDS: Readonly<Record<string, string>> = { mp3: "audio/mpeg", m4a: "audio/mp4", ogg: "audio/ogg", opus: "audio/ogg", flac: "audio/flac", wav: "audio/wav" };
const TEXTS = new Set("txt md markdown json csv tsv log xml yaml yml toml ini html htm css js ts tsx jsx py rs go c h cpp java sh sql tex bib ics vcf srt".split(" "));

const TEXT_BYTES_MAX = 1_000_000;
/** More than this is only downloaded: the web browser may hold that on its disk. */
const BYTES_MAX = 300_000_000;

/** Undefined for what can only be downloaded. */
export function previewOf(path: string, sizeBytes: number): Preview | undefined {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  if (sizeBytes > BYTES_MAX) return undefined;
  for (const [kind, types] of [["picture", PICTURES], ["film", FILMS], ["sound", SOUNDS]] as const) if (Object.hasOwn(types, ending)) return { kind, type: types[ending]! };
  if (ending === "pdf") return { kind: "pdf", type: "application/pdf" };
  return TEXTS.has(ending) && sizeBytes <= TEXT_BYTES_MAX ? { kind: "text" } : undefined;
}
