import { boolean, codec, nullable, struct, uint } from "../codec/index.ts";
import type { Ballot } from "./ballots.ts";
import { approvedShape } from "./ballots.ts";

// What voters say to each other. docs/formats/network.md has the bytes.

/** For so long an answer is waited for, and counts. */
export const ASK_TIMEOUT_MS = 1_000;
/** The same of an approval, of which a coordinator is in no hurry. */
export const APPROVE_TIMEOUT_MS = 3_000;

/** "Will you vote for me?" A trial asks the same and promises nothing: a host that comes back learns so that it would lose, and disturbs nobody. */
export const VOTE = "cluster/vote";
export const voteCodec = codec("A request for a vote", 1, 64, struct({ term: uint(), number: uint(), isTrial: boolean }));
export const voteAnswerCodec = codec("A vote", 1, 64, struct({ term: uint(), isGranted: boolean }));

/** "I coordinate." */
export const LEAD = "cluster/lead";
/** Term in the question, the highest term known in the answer. */
export const termCodec = codec("A term", 1, 64, struct({ term: uint() }));

/** "What did you give your word for?" Asked by a host whose disk knows no word of its own, and by the coordinator before it appoints one. */
export const RECALL = "cluster/recall";
export const recallCodec = codec("A question after a ballot", 1, 16, struct({}));

/** What a host gave its word for, and the configuration of voters that it knows. */
export interface Recollection {
  readonly number: number;
  /** Null: it does not remember either. */
  readonly ballot: Pick<Ballot, "term" | "approved"> | null;
}

export const recollectionCodec = codec<Recollection>("A host's word", 1, 1024, struct({ number: uint(), ballot: nullable(struct({ term: uint(), approved: nullable(approvedShape) })) }));
