import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Picked } from "../picked.ts";
import { fromChooser, fromDrop } from "../picked.ts";

/** Takes what is dropped anywhere on it. */
export function DropZone({ hint, onPick, children }: { readonly hint: string; readonly onPick: (picked: Picked) => void; readonly children: ComponentChildren }): JSX.Element {
  const [isOver, setOver] = useState(false);
  const take = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer === null) return;
    void fromDrop(event.dataTransfer).then((picked) => {
      if (picked !== undefined) onPick(picked);
    });
  };
  const over = (event: DragEvent): void => {
    event.preventDefault();
    setOver(true);
  };
  return <div class={isOver ? "drop over" : "drop"} data-hint={hint} onDragOver={over} onDragLeave={() => setOver(false)} onDrop={take}>{children}</div>;
}

/** A button that opens the web browser's chooser of a folder or of files. */
export function PickButton({ kind, label, isQuiet = false, onPick }: { readonly kind: "folder" | "files"; readonly label: string; readonly isQuiet?: boolean; readonly onPick: (picked: Picked) => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const take = (): void => {
    const picked = fromChooser([...(input.current?.files ?? [])]);
    // The same may be chosen again.
    if (input.current !== null) input.current.value = "";
    if (picked !== undefined) onPick(picked);
  };
  return (
    <>
      <button class={isQuiet ? "quiet" : undefined} onClick={() => input.current?.click()}>{label}</button>
      <input ref={input} type="file" hidden multiple aria-label={label} {...(kind === "folder" ? { webkitdirectory: true } : {})} onChange={take} />
    </>
  );
}
