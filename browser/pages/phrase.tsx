import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Title } from "../parts/shell.tsx";
import { texts } from "../texts.ts";

/** Which words are asked for again: enough to know that they were written down. */
const ASKED = [2, 10, 19] as const;

/** Shows the recovery phrase, and checks that it was noted before it goes away. */
export function Phrase({ phrase, onNoted }: { readonly phrase: string; readonly onNoted: () => void }): JSX.Element {
  const [isChecking, setChecking] = useState(false);
  const words = phrase.split(" ");
  return (
    <>
      <Title>{texts.phrase.title}</Title>
      <p class="lead">{texts.phrase.about}</p>
      {isChecking ? <Check words={words} onRight={onNoted} onBack={() => setChecking(false)} /> : <><ol class="phrase">{words.map((word, at) => <li key={at}>{word}</li>)}</ol><p class="actions"><button onClick={() => setChecking(true)}>{texts.phrase.noted}</button></p></>}
    </>
  );
}

function Check({ words, onRight, onBack }: { readonly words: readonly string[]; readonly onRight: () => void; readonly onBack: () => void }): JSX.Element {
  const [typed, setTyped] = useState<readonly string[]>(ASKED.map(() => ""));
  const [isWrong, setWrong] = useState(false);
  const check = (event: Event): void => {
    event.preventDefault();
    const isRight = ASKED.every((at, index) => typed[index]!.trim().toLowerCase() === words[at]);
    setWrong(!isRight);
    if (isRight) onRight();
  };
  return (
    <form class="steps" onSubmit={check}>
      {ASKED.map((at, index) => <p key={at}><label for={`word-${at}`}>{texts.phrase.word(at + 1)}</label><br /><input id={`word-${at}`} value={typed[index]} autocomplete="off" autocapitalize="none" spellcheck={false} onInput={(event) => setTyped(typed.with(index, event.currentTarget.value))} /></p>)}
      {isWrong ? <p class="error" role="alert">{texts.phrase.wrong}</p> : null}
      <p class="actions"><button>{texts.phrase.check}</button><button type="button" class="quiet" onClick={onBack}>{texts.phrase.again}</button></p>
    </form>
  );
}
