import type { Term } from "@quorate/base";
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
}
