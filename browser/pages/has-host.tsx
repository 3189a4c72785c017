import type { JSX } from "preact";
import { CopyText } from "../parts/copy.tsx";
import { texts } from "../texts.ts";

/** Where the link of an invite has led to a host instead of a set-up: its code is to be taken on from here. */
export function HasHost({ code }: { readonly code: string }): JSX.Element {
  return <><p class="lead">{texts.hasHost.about}</p><p><CopyText text={code} /></p></>;
}
