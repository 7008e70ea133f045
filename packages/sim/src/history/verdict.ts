/** What went wrong, as far as one sentence can name it. */
export type ViolationKind =
  | "duplicate-revision" // two writes were told the same revision
  | "missing-revision" // a revision was seen that no write can have made
  | "wrong-answer" // an answer differs from what the state at its revision gives
  | "real-time" // the revisions order two operations against the clock
  | "compaction" // no moment of compaction explains the answers
  | "no-order"; // whichever unknown writes took effect, some answer is wrong

/** A few operations that together cannot have happened. */
export interface Violation {
  readonly kind: ViolationKind;
  /** Positions in the history's operations, ascending. */
  readonly operations: readonly number[];
  readonly reason: string;
}

/** `unknown`: the search was given up at its bound, or the two judges disagree. It counts as a failure. */
export type Verdict =
  | { readonly outcome: "linearizable" }
  | { readonly outcome: "not-linearizable"; readonly violation: Violation }
  | { readonly outcome: "unknown"; readonly reason: string };
