import type { LogIndex } from "@quorate/base";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I7, order: snapshot ≤ applied ≤ commit ≤ last; and the index in the database is that of its last commit.
 *
 * That a commit does not pass the log is seen when its entries are looked up, and the index of the database when a process
 * starts: the revision found must be the one that belongs to that index.
 */
export class Order {
  onProgress(
    name: string,
    at: { readonly snapshot: LogIndex; readonly applied: LogIndex; readonly commit: LogIndex },
  ): void {
    const { snapshot, applied, commit } = at;
    check(snapshot <= applied, "I7", () => `${name} has applied ${applied}, which its snapshot at ${snapshot} is past`);
    check(applied <= commit, "I7", () => `${name} has applied ${applied} and knows ${commit} to be committed`);
  }

  /** What is applied is on this member's own disk: the database must never be ahead of the log. */
  onApplied(name: string, log: MemberLog, applied: LogIndex): void {
    const { durable, written } = log;
    check(
      durable.base >= applied || (durable.last >= applied && durable.at(applied) === written.at(applied)),
      "I7",
      () =>
        `${name} applies entry ${applied} of term ${written.at(applied)}; its disk has ${durable.at(applied)} there`,
    );
  }
}
