import { CodecError } from "../codec/index.ts";
import { admissionCodec, votersCodec } from "./entries.ts";
import type { JudgedRecord } from "./namespace.ts";

/**
 * Whether a record of the network's namespace says what others have signed: the invite's key and the host itself, or the voters. Such a record counts
 * by that, whoever brings it, and so no removal of who did takes it away. Else one host that had admitted others, or had written their admissions
 * anew, would take them along when it goes.
 */
export function carriesProof({ key, value }: Pick<JudgedRecord, "key" | "value">): boolean {
  if (value === null) return false;
  const [kind] = key.split("/");
  try {
    if (kind === "member") return admissionCodec.decode(value).invite !== null;
    if (kind === "voters") {
      // Before the first there is nobody whose approval would count.
      const { number, approvals } = votersCodec.decode(value);
      return number > 1 && approvals.length > 0;
    }
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
  return kind === "gone" || kind === "attested";
}
