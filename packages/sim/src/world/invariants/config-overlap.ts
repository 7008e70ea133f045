import { hexId, type MemberId } from "@quorate/base";
import type { ConfState } from "@quorate/raft";
import { check } from "../violation.ts";

const majority = (count: number): number => Math.floor(count / 2) + 1;

/** Whether a majority of `a` and one of `b` exist that share nobody. */
function canMiss(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  let shared = 0;
  for (const id of a) if (b.includes(id)) shared += 1;
  const fromShared = Math.max(0, majority(a.length) - (a.length - shared));
  return fromShared + Math.max(0, majority(b.length) - (b.length - shared)) <= shared;
}

/** Whether quorums of the two configurations exist that share nobody; a joint one needs a majority of both its halves. */
export function haveDisjointQuorums(a: ConfState, b: ConfState): boolean {
  for (const left of [a.voters, a.votersOutgoing]) {
    for (const right of [b.voters, b.votersOutgoing]) {
      if (left.length > 0 && right.length > 0 && !canMiss(left, right)) return false;
    }
  }
  return true;
}

/** A member that could be elected now: its log holds all that is committed. */
export interface Electable {
  readonly name: string;
  readonly config: ConfState;
}

/**
 * I9, configuration overlap: any two configurations in force at two members at one moment share a member in every pair of
 * quorums, or one of the two members cannot be elected.
 */
export class ConfigOverlap {
  onConfigs(electable: readonly Electable[]): void {
    for (const [i, a] of electable.entries()) {
      for (const b of electable.slice(i + 1)) {
        check(
          !haveDisjointQuorums(a.config, b.config),
          "I9",
          () =>
            `${a.name} could be elected by ${a.config.voters.map(hexId).join(" ")} and ${b.name} by ` +
            `${b.config.voters.map(hexId).join(" ")}, with nobody in common`,
        );
      }
    }
  }
}
