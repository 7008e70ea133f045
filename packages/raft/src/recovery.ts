import { CorruptError, type LogIndex, noMember } from "@quorate/base";
import { isConfChange } from "./log.ts";
import type { ConfState, Entry, HardState } from "./types.ts";

/** What a member remembers when it starts; for a new one everything is 0 and empty. */
export interface InitialState {
  readonly hardState: HardState;
  /** The configuration at `applied`, which is that of the snapshot when nothing after it was applied. */
  readonly confState: ConfState;
  /** The last index that is only in the snapshot, with its term. */
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: number;
  /** The entries after the snapshot, without a hole. */
  readonly entries: readonly Entry[];
  /** What the state machine has already acted upon. */
  readonly applied: LogIndex;
}

/** The state to start from, and what is known to be durable of it. */
export interface Recovered {
  readonly hardState: HardState;
  readonly durable: HardState;
  readonly applied: LogIndex;
}

/**
 * Completes a hard state from the log that was found beside it.
 *
 * A crash can keep the entries of the last write and lose the hard state behind them. What the entries prove is taken
 * back from them:
 *
 * - An entry of term t proves that term t began. No vote of t can have left before an entry of it, other than one
 *   that an earlier hard state already holds.
 * - A leader appends a change of members only after it applied the one before. So of two changes in a log the former is
 *   committed; forgetting that could let a member campaign in a configuration two changes behind the others, and two
 *   leaders be elected in one term.
 *
 * ```
 *   hard state   commit 5
 *   log          … 5 │ 6  7+4  8  9+5      →  commit 7
 * ```
 *
 * @throws CorruptError when the log lacks entries that are known to be committed or applied.
 */
export function recover(initial: InitialState): Recovered {
  const { hardState, snapshotIndex, entries } = initial;
  const last = entries[entries.length - 1];
  const lastIndex = last === undefined ? snapshotIndex : last.index;
  const lastTerm = last === undefined ? 0 : last.term;
  const applied = Math.max(initial.applied, snapshotIndex);
  const durable: HardState = { ...hardState, commit: Math.max(hardState.commit, snapshotIndex) };
  if (durable.commit > lastIndex) {
    throw new CorruptError("raft log", `commit index ${durable.commit} is past the last index ${lastIndex}`);
  }
  if (applied > lastIndex) {
    throw new CorruptError("raft log", `applied index ${applied} is past the last index ${lastIndex}`);
  }
  let commit = Math.max(durable.commit, applied);
  const known = commit;
  let newest: LogIndex = 0;
  for (const entry of entries) {
    if (entry.index <= known || !isConfChange(entry)) continue;
    if (newest > 0) commit = newest;
    newest = entry.index;
  }
  const knowsTerm = hardState.term >= lastTerm;
  return {
    hardState: knowsTerm ? { ...hardState, commit } : { term: lastTerm, vote: noMember, commit },
    durable,
    applied,
  };
}
