import { hexId, type LogIndex, type MemberId, type Term } from "@quorate/base";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I5 and I6 where a promise leaves: what a member says to others must be on its disk when it says it, and what a leader
 * believes of a member must have been said by it.
 */
export class Vouched {
  /** The highest index that a member ever acknowledged. */
  readonly #acknowledged: Map<MemberId, LogIndex> = new Map();

  /** A member grants its vote. */
  onVote(name: string, log: MemberLog, term: Term, candidate: MemberId): void {
    const { durableState } = log;
    check(
      durableState.term > term || (durableState.term === term && durableState.vote === candidate),
      "I6",
      () =>
        `${name} votes for ${hexId(candidate)} in term ${term}, and its disk has a vote for ` +
        `${hexId(durableState.vote)} in term ${durableState.term}`,
    );
  }

  /**
   * A member acknowledges its log up to `index` to the leader of `term`.
   *
   * @param applied what its state holds.
   */
  onAcknowledge(
    name: string,
    id: MemberId,
    log: MemberLog,
    ack: { readonly term: Term; readonly index: LogIndex; readonly applied: LogIndex },
  ): void {
    const { term, index, applied } = ack;
    if (index > (this.#acknowledged.get(id) ?? 0)) this.#acknowledged.set(id, index);
    const { durable, written, durableState } = log;
    const inSnapshot = durable.base >= index;
    // What replaces an entry in a later term may be on its way to the disk already, or there, with a log that ends before it.
    const replacedIn = written.at(Math.min(index, written.last));
    check(
      inSnapshot || durable.last >= index || replacedIn > term,
      "I5",
      () => `${name} acknowledges entry ${index} while its disk has ${durable.last}`,
    );
    check(
      inSnapshot || durable.at(index) === written.at(index) || replacedIn > term,
      "I5",
      () =>
        `${name} acknowledges entry ${index}, which is of term ${written.at(index)} in its log and of term ` +
        `${durable.at(index)} on its disk`,
    );
    check(
      durableState.term >= term,
      "I6",
      () => `${name} acknowledges entry ${index} in term ${term}, and its disk has term ${durableState.term}`,
    );
    // An entry before the snapshot was durable as an entry when its answer was made.
    check(
      applied >= durable.base || index < durable.base,
      "I5",
      () => `${name} acknowledges entry ${index} before the snapshot at ${durable.base} is its state, at ${applied}`,
    );
  }

  /** A leader tells a member what is committed of what that member has. */
  onHeartbeat(name: string, to: MemberId, commit: LogIndex): void {
    const acknowledged = this.#acknowledged.get(to) ?? 0;
    check(
      commit <= acknowledged,
      "I5",
      () => `${name} counts on ${hexId(to)} up to entry ${commit}, which has acknowledged ${acknowledged}`,
    );
  }
}
