import type { LogIndex, Term } from "@quorate/base";
import type { Ledger } from "../ledger.ts";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I3, leader completeness: when a member becomes leader of a term, its log holds every entry that was committed in an
 * earlier term.
 *
 * By log matching (I2) it is enough to look at the last of them.
 */
export class LeaderCompleteness {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  onLeader(name: string, log: MemberLog, term: Term): void {
    const entry = this.#ledger.committed(this.#ledger.commit);
    if (entry === undefined || entry.term >= term) return;
    const found = log.termAt(entry.index);
    check(
      found === entry.term,
      "I3",
      () =>
        `${name} leads term ${term} without the committed entry ${entry.index} of term ${entry.term} (it has ${found})`,
    );
  }

  /**
   * The leader of `term` has moved its commit index: what it counts replicas of must be of its own term, for an older
   * entry can still be replaced by a later leader that lacks it (§5.4.2 of the paper).
   */
  onLeaderCommits(name: string, log: MemberLog, term: Term, commit: LogIndex): void {
    // Others may have written an entry of this leader's term before the leader itself has.
    const isOwn = log.termAt(commit) === term || this.#ledger.find(commit, term) !== undefined;
    check(
      isOwn,
      "I3",
      () => `${name} leads term ${term} and commits up to entry ${commit}, which is of term ${log.termAt(commit)}`,
    );
  }
}
