import type { Term } from "@quorate/base";
import type { LedgerEntry } from "../ledger.ts";
import { check } from "../violation.ts";

/** I2, log matching: the same index and term mean the same bytes and the same prefix. */
export class LogMatching {
  /** @param previousTerm of the entry before it in this log, −1 when the log does not hold that. */
  onEntry(where: string, entry: LedgerEntry, hash: number, previousTerm: Term): void {
    const { index, term } = entry;
    check(hash === entry.hash, "I2", () => `${where} wrote other bytes at index ${index}, term ${term}`);
    if (previousTerm < 0) return;
    if (entry.previousTerm < 0) entry.previousTerm = previousTerm;
    check(
      entry.previousTerm === previousTerm,
      "I2",
      () =>
        `${where} has term ${previousTerm} before index ${index}, term ${term}; another log has ${entry.previousTerm}`,
    );
  }
}
