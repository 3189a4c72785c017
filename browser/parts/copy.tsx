import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { texts } from "../texts.ts";

const SAID_MS = 2_000;

/** A text to be taken elsewhere. */
export function CopyText({ text }: { readonly text: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), SAID_MS);
    });
  };
  return <span class="copy"><code>{text}</code> <button class="plain" onClick={copy}>{isCopied ? texts.copied : texts.copy}</button></span>;
}
