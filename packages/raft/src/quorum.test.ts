import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jointVote, majorityIndex, majorityVote, type VoteResult } from "./quorum.ts";

/** The highest index that more than half have reached, found by trying all. */
function bruteIndex(acked: readonly number[]): number {
  if (acked.length === 0) return Number.POSITIVE_INFINITY;
  let best = 0;
  for (const candidate of acked) {
    const reached = acked.filter((index) => index >= candidate).length;
    if (reached * 2 > acked.length && candidate > best) best = candidate;
  }
  return best;
}

/** Decides a vote by looking at every way in which the missing votes may fall. */
function bruteVote(votes: readonly (boolean | undefined)[]): VoteResult {
  const outcomes = new Set<boolean>();
  const missing = votes.filter((vote) => vote === undefined).length;
  for (let ways = 0; ways < 2 ** missing; ways++) {
    let bit = 0;
    const full = votes.map((vote) => vote ?? ((ways >> bit++) & 1) === 1);
    outcomes.add(full.length === 0 || full.filter(Boolean).length * 2 > full.length);
  }
  if (outcomes.size === 2) return "pending";
  return outcomes.has(true) ? "won" : "lost";
}

describe("majorities (§3.5)", () => {
  test("the committed index is the highest that a majority has reached", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 9 }), (acked) => {
        expect(majorityIndex([...acked])).toBe(bruteIndex(acked));
      }),
    );
  });

  test("a vote is won or lost as soon as the missing votes cannot change it", () => {
    const vote = fc.option(fc.boolean(), { nil: undefined });
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 8 }), (votes) => {
        const granted = votes.filter((v) => v === true).length;
        const rejected = votes.filter((v) => v === false).length;
        expect(majorityVote(votes.length, granted, rejected)).toBe(bruteVote(votes));
      }),
    );
  });

  test("a joint vote needs both halves and is lost by either (§4.3)", () => {
    const all: VoteResult[] = ["won", "lost", "pending"];
    for (const a of all) {
      for (const b of all) {
        const expected = a === "lost" || b === "lost" ? "lost" : a === "won" && b === "won" ? "won" : "pending";
        expect(jointVote(a, b)).toBe(expected);
      }
    }
  });
});
