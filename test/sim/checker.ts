/** What the simulation knows of one write, whatever the hosts under test make of it. */
export interface KnownWrite {
  readonly id: number;
  readonly key: string;
  readonly dot: string;
  /** All writes that its author had read, and those that their authors had read, and so on. */
  readonly read: ReadonlySet<number>;
  /** Hosts on whose disks it was durable when it was answered. */
  readonly hosts: readonly number[];
}

export interface Finding {
  readonly invariant: "I1" | "I2" | "I8";
  readonly what: string;
}

export interface Outcome {
  readonly writes: readonly KnownWrite[];
  /** Per host and key the writes that its siblings are, after everybody has exchanged everything. */
  readonly states: readonly ReadonlyMap<string, readonly number[]>[];
  /** Hosts whose disks were set back at some time. */
  readonly setBack: ReadonlySet<number>;
  /** Writes that went with a disk before anybody had received or read them: their dots are as if never taken. */
  readonly traceless: ReadonlySet<number>;
}

/** Judges a finished run by the invariants of records (I1, I2, I8). */
export function check(outcome: Outcome): Finding[] {
  return [...dotsTakenTwice(outcome), ...differences(outcome), ...losses(outcome)];
}

function dotsTakenTwice({ writes, traceless }: Outcome): Finding[] {
  const seen = new Map<string, number>();
  const findings: Finding[] = [];
  for (const { id, key, dot } of writes) {
    if (traceless.has(id)) continue;
    const name = `${key} ${dot}`;
    const first = seen.get(name);
    if (first !== undefined) findings.push({ invariant: "I8", what: `writes ${first} and ${id} to ${key} have one dot, ${dot}` });
    seen.set(name, id);
  }
  return findings;
}

function differences({ states }: Outcome): Finding[] {
  const texts = states.map((state) => JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, ids]) => [key, [...ids].sort((a, b) => a - b)])));
  return texts.flatMap((text, host): Finding[] => (text === texts[0] ? [] : [{ invariant: "I2", what: `host ${host} ends with ${text}, host 0 with ${texts[0]}` }]));
}

/** A write that was safe must be there, or superseded by one whose author had read it and that is itself there or superseded so. */
function losses({ writes, states, setBack }: Outcome): Finding[] {
  const present = new Set(states.flatMap((state) => [...state.values()].flat()));
  const reasons = new Map<number, number[]>();
  for (const { id, read } of writes) for (const old of read) reasons.set(old, [...(reasons.get(old) ?? []), id]);
  const isThere = new Map<number, boolean>();
  const justified = (id: number): boolean => {
    const known = isThere.get(id);
    if (known !== undefined) return known;
    isThere.set(id, false);
    const found = present.has(id) || (reasons.get(id) ?? []).some(justified);
    isThere.set(id, found);
    return found;
  };
  // Two copies, or one on a disk that was never set back, had to survive what this run did.
  const isSafe = ({ hosts }: KnownWrite): boolean => hosts.some((host) => !setBack.has(host));
  return writes.filter((write) => isSafe(write) && !justified(write.id)).map(({ id, key, dot }) => ({ invariant: "I1", what: `write ${id} to ${key} (${dot}) was acknowledged and is gone, and nobody who replaced it had read it` }));
}
