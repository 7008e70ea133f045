import { hexId, type LogIndex, type MemberId } from "@quorate/base";
import type { Ledger } from "../ledger.ts";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I12, no amnesiac vote: a vote of member m comes from an incarnation that holds everything that m ever acknowledged and
 * that was committed. (What was never committed may have been replaced rightly.)
 */
export class Amnesia {
  readonly #ledger: Ledger;
  readonly #acknowledged: Map<MemberId, LogIndex> = new Map();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A member tells a leader that its log is durable up to `index`. */
  onAcknowledge(id: MemberId, index: LogIndex): void {
    if (index > (this.#acknowledged.get(id) ?? 0)) this.#acknowledged.set(id, index);
  }

  /** A member grants its vote. */
  onVote(name: string, id: MemberId, log: MemberLog): void {
    const index = Math.min(this.#acknowledged.get(id) ?? 0, this.#ledger.commit);
    const entry = this.#ledger.committed(index);
    if (entry === undefined || log.written.base >= index) return;
    check(
      log.termAt(index) === entry.term,
      "I12",
      () => `${name} (${hexId(id)}) votes, and has lost the committed entry ${index} that it acknowledged`,
    );
  }
}
