import { hexId, type MemberId, type Term } from "@quorate/base";
import type { ConfState } from "@quorate/raft";
import { check } from "../violation.ts";

/**
 * I1, election safety: at most one leader per term, ever, and each was elected by the quorum that it must have.
 *
 * Whoever sends appends, heartbeats or snapshots of a term led it, however briefly. Votes are counted where they leave
 * their voters, or become durable there, not where candidates count them.
 */
export class ElectionSafety {
  readonly #leaders: Map<Term, MemberId> = new Map();
  /** Who voted for whom, by term. */
  readonly #votes: Map<Term, Set<string>> = new Map();

  onVote(voter: MemberId, term: Term, candidate: MemberId): void {
    const votes = this.#votes.get(term);
    const vote = `${voter} ${candidate}`;
    if (votes === undefined) this.#votes.set(term, new Set([vote]));
    else votes.add(vote);
  }

  onLeader(id: MemberId, term: Term): void {
    const known = this.#leaders.get(term);
    if (known === undefined) this.#leaders.set(term, id);
    else check(known === id, "I1", () => `term ${term} was led by ${hexId(known)} and by ${hexId(id)}`);
  }

  /** @param config in force at the new leader: a joint one needs a majority of both its halves. */
  onElected(id: MemberId, term: Term, config: ConfState): void {
    for (const voters of [config.voters, config.votersOutgoing]) {
      if (voters.length === 0) continue;
      const votes = this.#votes.get(term);
      let count = 0;
      for (const voter of voters) if (votes?.has(`${voter} ${id}`) === true) count += 1;
      check(
        count > voters.length / 2,
        "I1",
        () => `${hexId(id)} leads term ${term} with ${count} votes of ${voters.map(hexId).join(" ")}`,
      );
    }
  }

  leaderOf(term: Term): MemberId | undefined {
    return this.#leaders.get(term);
  }
}
