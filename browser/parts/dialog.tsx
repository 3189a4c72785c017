import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { wordsOf } from "../api.ts";
import { texts } from "../texts.ts";

/** A question that has to be answered before anything else: the web browser itself keeps the keyboard in it, and Escape says no. While it waits for what has to be known first, nobody can say yes. */
export function Confirm(props: { readonly title: string; readonly children: ComponentChildren; readonly action: string; readonly isGrave?: boolean; readonly isWaiting?: boolean; readonly onYes: () => Promise<void>; readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const yes = (): void => {
    setBusy(true);
    props.onYes().then(props.onClose, (thrown: unknown) => {
      setBusy(false);
      setError(wordsOf(thrown));
    });
  };
  return (
    <dialog ref={dialog} onClose={props.onClose} aria-labelledby="question">
      <h2 id="question">{props.title}</h2>
      {props.children}
      {error === undefined ? null : <p class="error" role="alert">{error}</p>}
      <p class="actions">
        <button class={props.isGrave === true ? "grave" : undefined} disabled={isBusy || props.isWaiting === true} onClick={yes}>{props.action}</button>
        <button class="quiet" onClick={() => dialog.current?.close()}>{texts.cancel}</button>
      </p>
    </dialog>
  );
}
