import type { LogIndex } from "@quorate/base";
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
}
