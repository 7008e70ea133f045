import { hexId, type LogIndex, type MemberId, type Term } from "@quorate/base";
import type { Ledger } from "../ledger.ts";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I12, no amnesiac vote: a vote of member m comes from an incarnation that holds everything that m ever acknowledged and
 * that was committed. (What was never committed may have been replaced rightly.)
 */
export class Amnesia {
  readonly #ledger: Ledger;
  /** The last committed entry that a member acknowledged. */
  readonly #kept: Map<MemberId, LogIndex> = new Map();
  /** Acknowledged entries that were not committed when they were looked at last. */
  readonly #open: Map<MemberId, { readonly index: LogIndex; readonly term: Term }[]> = new Map();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A member tells a leader that its log is durable up to `index`, where its entry is of `term`. */
  onAcknowledge(id: MemberId, index: LogIndex, term: Term): void {
    if (index <= (this.#kept.get(id) ?? 0)) return;
    const open = this.#open.get(id) ?? [];
    const last = open.at(-1);
    if (last !== undefined && last.index === index && last.term === term) return;
    open.push({ index, term });
    this.#open.set(id, this.#settle(id, open));
  }

  /** Sorts out what has been committed meanwhile, and what was replaced. */
  #settle(
    id: MemberId,
    open: { readonly index: LogIndex; readonly term: Term }[],
  ): { readonly index: LogIndex; readonly term: Term }[] {
    return open.filter(({ index, term }) => {
      const committed = this.#ledger.committed(index);
      if (committed === undefined) return true;
      if (committed.term === term && index > (this.#kept.get(id) ?? 0)) this.#kept.set(id, index);
      return false;
    });
  }

  /** A disk lost what its member had promised, as the world allows: the member starts anew. */
  forget(id: MemberId): void {
    this.#kept.delete(id);
    this.#open.delete(id);
  }

  /** A member grants its vote. */
  onVote(name: string, id: MemberId, log: MemberLog): void {
    const open = this.#open.get(id);
    if (open !== undefined) this.#open.set(id, this.#settle(id, open));
    const index = this.#kept.get(id) ?? 0;
    const entry = this.#ledger.committed(index);
    if (entry === undefined || log.written.base >= index) return;
    check(
      log.termAt(index) === entry.term,
      "I12",
      () => `${name} (${hexId(id)}) votes, and has lost the committed entry ${index} that it acknowledged`,
    );
  }
}
