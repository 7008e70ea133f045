import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Entry, EntryType, newEntry } from "./index.ts";
import { RaftLog } from "./log.ts";
import { confOf } from "./testing/node.ts";

const noLimit = Number.POSITIVE_INFINITY;

/** Entries from `first` on with these terms, each with `bytes` of data. */
const entriesOf = (first: number, terms: readonly number[], bytes = 0): Entry[] =>
  terms.map((term, i) => newEntry(EntryType.normal, term, first + i, new Uint8Array(bytes)));

const logOf = (terms: readonly number[], bytesMax = noLimit): RaftLog =>
  new RaftLog(0, 0, entriesOf(1, terms), bytesMax);

const termsOf = (log: RaftLog): (number | undefined)[] =>
  Array.from({ length: log.lastIndex }, (_, i) => log.term(i + 1));

describe("log matching (§3.5)", () => {
  test("entries are refused unless the one before them matches", () => {
    const log = logOf([1, 1, 2]);
    expect(log.maybeAppend(3, 3, entriesOf(4, [3]), 0)).toBeUndefined();
    expect(log.maybeAppend(4, 2, entriesOf(5, [3]), 0)).toBeUndefined();
    expect(log.maybeAppend(3, 2, entriesOf(4, [3]), 0)).toBe(4);
    expect(termsOf(log)).toEqual([1, 1, 2, 3]);
  });

  test("a conflict drops the entry and all after it, and they are durable no more", () => {
    const log = logOf([1, 2, 2, 2]);
    expect(log.maybeAppend(1, 1, entriesOf(2, [2, 3]), 0)).toBe(3);
    expect(termsOf(log)).toEqual([1, 2, 3]);
    expect([log.stable, log.inProgress]).toEqual([2, 2]);
    expect(log.takeEntriesToAppend().map(({ index }) => index)).toEqual([3]);
  });

  test("entries that are there already leave later ones alone", () => {
    const log = logOf([1, 1, 1]);
    expect(log.maybeAppend(0, 0, entriesOf(1, [1]), 9)).toBe(1);
    expect(log.lastIndex).toBe(3);
    expect(log.committed).toBe(1);
  });

  test("a conflict with a committed entry stops the member", () => {
    const log = logOf([1, 1]);
    log.commitTo(2);
    expect(() => log.maybeAppend(0, 0, entriesOf(1, [1, 2]), 0)).toThrow("committed");
  });

  test("a log is up to date by last term, then by length (§3.6.1)", () => {
    const log = logOf([1, 2, 2]);
    expect(log.isUpToDate(1, 3)).toBe(true);
    expect(log.isUpToDate(3, 2)).toBe(true);
    expect(log.isUpToDate(2, 2)).toBe(false);
    expect(log.isUpToDate(9, 1)).toBe(false);
  });

  test("the search for agreement passes entries of higher terms in one step", () => {
    const log = logOf([1, 3, 3, 3, 5, 5]);
    expect(log.findConflictByTerm(6, 2)).toEqual({ index: 1, term: 1 });
    expect(log.findConflictByTerm(6, 3)).toEqual({ index: 4, term: 3 });
    expect(log.findConflictByTerm(0, 3)).toEqual({ index: 0, term: 0 });
  });

  test("only an entry of the leader's term commits by counting (§3.6.2)", () => {
    const log = logOf([1, 2]);
    expect(log.maybeCommit(1, 2)).toBe(false);
    expect(log.maybeCommit(2, 2)).toBe(true);
    expect(log.committed).toBe(2);
  });
});

describe("what is durable and what is applied", () => {
  test("a batch is durable only if its last entry still stands there with its term", () => {
    const log = logOf([]);
    log.append(entriesOf(1, [1, 1]));
    log.takeEntriesToAppend();
    log.maybeAppend(1, 1, entriesOf(2, [2]), 0);
    log.stableTo(2, 1);
    expect(log.stable).toBe(0);
    log.takeEntriesToAppend();
    log.stableTo(2, 2);
    expect(log.stable).toBe(2);
  });

  test("nothing is applied before it is durable here", () => {
    const log = logOf([]);
    log.append(entriesOf(1, [1, 1]));
    log.commitTo(2);
    expect(log.hasCommittedEntries()).toBe(false);
    log.takeEntriesToAppend();
    log.stableTo(1, 1);
    expect(log.takeCommittedEntries().map(({ index }) => index)).toEqual([1]);
  });

  test("what is being applied is bounded, and one entry always passes", () => {
    const log = new RaftLog(0, 0, entriesOf(1, [1, 1, 1], 100), 150);
    log.commitTo(3);
    expect(log.takeCommittedEntries()).toHaveLength(1);
    expect(log.hasCommittedEntries()).toBe(false);
    expect(log.appliedTo(1)).toBe(100);
    expect(log.takeCommittedEntries()).toHaveLength(1);
  });

  test("a snapshot replaces the log and holds back all applying until it is durable", () => {
    const log = logOf([1, 1]);
    const snapshot = { data: new Uint8Array(0), metadata: { confState: confOf([1]), index: 5, term: 2 } };
    log.restore(snapshot);
    expect([log.firstIndex, log.lastIndex, log.committed]).toEqual([6, 5, 5]);
    expect(log.matchTerm(5, 2)).toBe(true);
    log.maybeAppend(5, 2, entriesOf(6, [2]), 6);
    log.takeEntriesToAppend();
    log.stableTo(6, 2);
    expect(log.hasCommittedEntries()).toBe(false);
    log.stableSnapshotTo(5);
    log.appliedTo(5);
    expect(log.takeCommittedEntries().map(({ index }) => index)).toEqual([6]);
  });

  test("compaction keeps the term of the last entry it drops", () => {
    const log = logOf([1, 2, 3]);
    log.commitTo(2);
    log.takeCommittedEntries();
    log.appliedTo(2);
    log.compact(2);
    expect([log.firstIndex, log.term(2), log.term(1), log.term(3)]).toEqual([3, 2, undefined, 3]);
    log.compact(1);
    expect(log.firstIndex).toBe(3);
    expect(() => log.compact(3)).toThrow("applied");
  });

  test("a slice is the longest that fits, and never empty", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }), fc.nat(400), (sizes, bytesMax) => {
        const entries = sizes.map((size, i) => newEntry(EntryType.normal, 1, i + 1, new Uint8Array(size)));
        const log = new RaftLog(0, 0, entries, noLimit);
        const taken = log.tail(1, bytesMax);
        const encoded = sizes.map((size) => 6 + (size === 0 ? 0 : size + 2));
        let fits = 0;
        let total = 0;
        for (const size of encoded) {
          total += size;
          if (total > bytesMax) break;
          fits += 1;
        }
        expect(taken).toEqual(entries.slice(0, Math.max(1, fits)));
      }),
    );
  });

  test("the tail is never stale: appends, conflicts and compaction show", () => {
    const log = logOf([1, 1]);
    expect(log.tail(2, noLimit)).toHaveLength(1);
    log.append(entriesOf(3, [1]));
    expect(log.tail(2, noLimit)).toHaveLength(2);
    log.maybeAppend(1, 1, entriesOf(2, [2]), 0);
    expect(log.tail(2, noLimit).map(({ term }) => term)).toEqual([2]);
  });
});
