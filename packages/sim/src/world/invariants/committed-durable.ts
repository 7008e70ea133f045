import { hexId, type MemberId } from "@quorate/base";
import type { ConfState } from "@quorate/raft";
import type { LedgerEntry } from "../ledger.ts";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I5, committed is durable: when an entry is committed, it is on the durable media of a quorum of the configuration in
 * force. What is durable is known from the syncs that ended, not from what members say.
 */
export class CommittedDurable {
  /**
   * @param config in force at the leader that commits.
   * @param logs of members by id, whether they run or not.
   */
  onCommit(entry: LedgerEntry, config: ConfState, logs: ReadonlyMap<MemberId, MemberLog>): void {
    for (const voters of [config.voters, config.votersOutgoing]) {
      if (voters.length === 0) continue;
      let count = 0;
      for (const voter of voters) {
        const log = logs.get(voter);
        // A snapshot that covers the entry holds it as well.
        if (log?.holds(entry.index, entry.term) === true) count += 1;
      }
      const need = Math.floor(voters.length / 2) + 1;
      check(
        count >= need,
        "I5",
        () =>
          `entry ${entry.index} of term ${entry.term} was committed while ${count} of the voters ` +
          `${voters.map(hexId).join(" ")} had it on their disks, and ${need} must`,
      );
    }
  }
}
