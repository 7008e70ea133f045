import { invariant } from "@quorate/base";
import { judgeBySearch } from "./judge-by-search.ts";
import type { History } from "./operation.ts";
import { prepare } from "./prepare.ts";
import { judgeByRevision } from "./revision-order.ts";
import type { Verdict } from "./verdict.ts";

/** Whose verdict is asked for: "revision" is the faster judge, "search" the second opinion, "both" must agree. */
export type Judge = "revision" | "search" | "both";

export interface CheckOptions {
  /** "both" unless told. */
  readonly judge?: Judge;
  /** How many operations a judge may try before its verdict is unknown; 5 million, and 20 per operation, unless told. */
  readonly stepsMax?: number;
}

function agreed(first: Verdict, second: Verdict): Verdict {
  if (first.outcome === "unknown") return first;
  if (second.outcome === "unknown") return second;
  if (first.outcome !== second.outcome) {
    const reason = `the judges disagree: by revision ${first.outcome}, by search ${second.outcome}`;
    return { outcome: "unknown", reason };
  }
  return first;
}

/**
 * Judges whether some order of the operations, one after the other, explains all answers: each operation takes effect at
 * one moment between its start and its end, on the state that the ones before it have left, as etcd's interface defines.
 *
 * - Serializable reads may take effect at any moment before their end, that is, show an older state.
 * - Operations with an unknown result may take effect at any moment after their start, or never.
 * - Definite failures never take effect; refusals as compacted or future must be true at some moment.
 * - Every write makes one revision, and nobody else writes: a revision that nobody can have made is a violation.
 */
export function checkHistory(history: History, options: CheckOptions = {}): Verdict {
  for (const [place, { invoke, return: end, result }] of history.operations.entries()) {
    if (result.status === "unknown") continue;
    invariant(invoke <= end, "an operation returned before it began", () => ({ place, invoke, end }));
  }
  const prepared = prepare(history);
  if ("reason" in prepared) return { outcome: "not-linearizable", violation: prepared };
  const { judge = "both", stepsMax = 5_000_000 + 20 * history.operations.length } = options;
  if (judge === "search") return judgeBySearch(prepared, stepsMax);
  const first = judgeByRevision(prepared, stepsMax);
  return judge === "revision" ? first : agreed(first, judgeBySearch(prepared, stepsMax));
}
