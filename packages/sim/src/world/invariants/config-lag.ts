import type { LogIndex, Term } from "@quorate/base";
import { isChange } from "../ledger.ts";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I8, configuration lag: the applied configuration of whoever asks for votes is at most one change behind the last change
 * in its log, and misses none that it knows to be committed. Two behind, two leaders could be elected in one term.
 */
export class ConfigLag {
  onCandidate(name: string, log: MemberLog, applied: LogIndex): void {
    const behind = log.changesAbove(applied);
    check(behind <= 1, "I8", () => `${name} asks for votes with ${behind} changes of members above ${applied}`);
  }

  /** A candidate, by its own account of what it knows. */
  onCampaign(name: string, log: MemberLog, applied: LogIndex, commit: LogIndex): void {
    for (let index = applied + 1; index <= commit; index++) {
      const entry = log.entryAt(index);
      check(
        entry === undefined || !isChange(entry),
        "I8",
        () => `${name} campaigns at ${applied} and knows that the change of members ${index} is committed`,
      );
    }
  }

  /**
   * A process has started: what its log proves is not forgotten, whatever became of the hard state behind it. A leader
   * appends a change only when it has applied the one before, and entries of a term only when the term has begun.
   */
  onBoot(name: string, log: MemberLog, term: Term, commit: LogIndex): void {
    const behind = log.changesAbove(commit);
    check(
      behind <= 1,
      "I8",
      () => `${name} starts with commit ${commit} and ${behind} changes of members above it in its log`,
    );
    const last = log.termAt(log.last);
    check(term >= last, "I8", () => `${name} starts in term ${term} with an entry of term ${last} in its log`);
  }
}
