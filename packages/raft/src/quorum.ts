/**
 * Majorities of one voter set, and of both sets of a joint configuration.
 *
 * An empty set agrees with everything, so that a configuration that is not joint behaves like its one half.
 *
 * Source: Raft dissertation §3.5 (commitment), §4.3 (joint consensus).
 */

/** Where a vote stands: decided either way, or open until more voters answer. */
export type VoteResult = "won" | "lost" | "pending";

/**
 * Returns the highest position that a majority has acknowledged.
 *
 * @param acked what each voter acknowledged, 0 for one that never answered; reordered by this call.
 * @returns Infinity when there are no voters.
 */
export function majorityIndex(acked: number[]): number {
  const voters = acked.length;
  if (voters === 0) return Number.POSITIVE_INFINITY;
  // Voter sets are small: insertion sort beats a comparator call per pair.
  for (let i = 1; i < voters; i++) {
    const value = acked[i] as number;
    let at = i - 1;
    while (at >= 0 && (acked[at] as number) > value) {
      acked[at + 1] = acked[at] as number;
      at -= 1;
    }
    acked[at + 1] = value;
  }
  return acked[voters - (voters >>> 1) - 1] as number;
}

/** Decides a vote of `voters` members of whom `granted` said yes and `rejected` said no. */
export function majorityVote(voters: number, granted: number, rejected: number): VoteResult {
  if (voters === 0) return "won";
  const quorum = (voters >>> 1) + 1;
  if (granted >= quorum) return "won";
  return voters - rejected >= quorum ? "pending" : "lost";
}

/** Decides a joint vote: both halves must win, and either one can lose it. */
export function jointVote(incoming: VoteResult, outgoing: VoteResult): VoteResult {
  if (incoming === outgoing) return incoming;
  return incoming === "lost" || outgoing === "lost" ? "lost" : "pending";
}
