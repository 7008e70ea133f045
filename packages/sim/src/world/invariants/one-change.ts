import type { Ledger, LedgerEntry } from "../ledger.ts";
import { isChange } from "../ledger.ts";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/** I10, one change in flight: at most one change of members that is not committed, in any log. */
export class OneChange {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** @param log before the entry is added. */
  onEntry(name: string, log: MemberLog, entry: LedgerEntry): void {
    if (!isChange(entry) || entry.index <= this.#ledger.commit) return;
    for (let index = this.#ledger.commit + 1; index < entry.index; index++) {
      const other = log.entryAt(index);
      if (other === undefined) continue;
      // The first entries of a new cluster name its founders.
      const founding = entry.term === 1 && other.term === 1 && this.#ledger.commit === 0;
      check(
        founding || !isChange(other),
        "I10",
        () =>
          `${name} has the changes of members ${index} and ${entry.index} in its log, neither known to be committed`,
      );
    }
  }
}
