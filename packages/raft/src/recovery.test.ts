import { CorruptError, noMember } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { type Entry, EntryType, type HardState, newEntry } from "./index.ts";
import { recover } from "./recovery.ts";
import { confOf, member } from "./testing/node.ts";

const nothing = new Uint8Array(0);

/** A log after index 10 (term 3), one letter an entry: `c` changes members, `.` does not. */
const logOf = (shape: string, term = 3): Entry[] =>
  shape
    .split("")
    .map((kind, i) => newEntry(kind === "c" ? EntryType.confChange : EntryType.normal, term, 11 + i, nothing));

const start = (entries: Entry[], hardState: HardState, applied = 10) =>
  recover({ hardState, confState: confOf([1, 2, 3]), snapshotIndex: 10, snapshotTerm: 3, entries, applied });

const state = (commit: number, term = 3): HardState => ({ term, vote: member(2), commit });

describe("what a log proves about a lost hard state (M05, D03)", () => {
  test("of two changes in the log the former is committed, of more the last but one", () => {
    expect(start(logOf("..c..c."), state(11)).hardState.commit).toBe(13);
    expect(start(logOf("c.c.c.."), state(10)).hardState.commit).toBe(13);
  });

  test("a single change proves nothing, nor do changes that are known to be committed", () => {
    expect(start(logOf("..c...."), state(11)).hardState.commit).toBe(11);
    expect(start(logOf("c.c...."), state(12)).hardState.commit).toBe(12);
    expect(start(logOf("c.c...."), state(16)).hardState.commit).toBe(16);
  });

  test("what is durable is told apart from what was inferred", () => {
    const { durable, hardState } = start(logOf("cc"), state(10));
    expect([durable.commit, hardState.commit]).toEqual([10, 11]);
  });

  test("an entry proves that its term began; the vote of an older term is not carried over", () => {
    expect(start(logOf("..", 5), state(10, 4)).hardState).toEqual({ term: 5, vote: noMember, commit: 10 });
    expect(start(logOf("..", 5), state(10, 6)).hardState).toEqual({ term: 6, vote: member(2), commit: 10 });
  });

  test("what was applied or is in the snapshot is committed", () => {
    expect(start(logOf("...."), state(0)).hardState.commit).toBe(10);
    expect(start(logOf("...."), state(11), 13).hardState.commit).toBe(13);
  });

  test("a log that lacks what was committed or applied is refused", () => {
    expect(() => start(logOf("."), state(12))).toThrow(CorruptError);
    expect(() => start(logOf("."), state(11), 12)).toThrow(CorruptError);
  });
});
