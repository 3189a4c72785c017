import type { JSX } from "preact";
import { texts } from "../texts.ts";
import type { Progress, Transfer } from "../transfer.ts";
import { hasEnded } from "../transfer.ts";

/** How far files on their way are, in words, with the bar below, and what can be done about it. */
export function ProgressWords<Result>({ transfer, progress }: { readonly transfer: Transfer<Result>; readonly progress: Progress<Result> }): JSX.Element {
  const { phase, bytes, totalBytes, error } = progress;
  return (
    <div class="progress">
      <p role="status">{texts.transfer.words(progress)}</p>
      <progress max={Math.max(1, totalBytes)} value={totalBytes === 0 ? 1 : bytes} aria-label={texts.transfer.label} />
      <p class="soft path">{phase === "sending" ? progress.path : ""}</p>
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
      <p class="actions">
        {phase === "sending" || phase === "comparing" ? <button class="quiet" onClick={() => transfer.pause()}>{texts.transfer.pause}</button> : null}
        {phase === "paused" || phase === "failed" ? <button onClick={() => void transfer.run()}>{texts.transfer.goOn}</button> : null}
        {hasEnded(phase) || phase === "committing" ? null : <button class="quiet" onClick={() => void transfer.cancel()}>{texts.cancel}</button>}
      </p>
    </div>
  );
}
