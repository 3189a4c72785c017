import type { SiteFile, SiteView } from "../../site/index.ts";
import type { Encoding } from "./accept-encoding.ts";
import { contentOf } from "./content.ts";
import type { Encoded } from "./encoded.ts";
import { isCompressible } from "./encoded.ts";
import type { Manner, Prepared } from "./prepared.ts";
import { mediaType, prepare, prepareContent } from "./prepared.ts";

/** By what publishers name the compressed form of a file that lies beside it. */
const ENDINGS: readonly (readonly [Encoding, string])[] = [["br", ".br"], ["zstd", ".zst"], ["gzip", ".gz"]];

/** Prepares a site's file together with its compressed forms: those that lie beside it, else those that the host makes. */
export function prepareFile(view: SiteView, file: SiteFile, nowMs: number, manner: Manner): Prepared {
  const { site } = view;
  const type = mediaType(file.type);
  const beside = ENDINGS.map(([encoding, ending]) => [encoding, view.file(file.path + ending)] as const).filter((pair): pair is readonly [Encoding, SiteFile] => pair[1] !== undefined && pair[1].isLent !== true && pair[1].sizeBytes > 0);
  if (file.isLent === true || (beside.length === 0 && !isCompressible(type, file.sizeBytes))) return prepare(site, file, nowMs, manner);
  const encoded: Encoded = {
    plain: contentOf(site, file),
    ready: new Map(),
    isPrebuilt: beside.length > 0,
    dress: (form) => prepareContent(form, { ...plain.validators, etag: `"${file.id}.${form.encoding}"` }, { ...manner, type, cacheControl: plain.cacheControl, encoded }),
  };
  const plain = prepare(site, file, nowMs, { ...manner, encoded });
  for (const [encoding, form] of beside) {
    const etag = `"${form.id}.${encoding}"`;
    encoded.ready.set(encoding, prepareContent(contentOf(site, form, encoding), { ...plain.validators, etag }, { ...manner, type, cacheControl: plain.cacheControl, encoded }));
  }
  return plain;
}
