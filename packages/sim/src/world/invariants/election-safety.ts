import { hexId, type MemberId, type Term } from "@quorate/base";
import { check } from "../violation.ts";

/**
 * I1, election safety: at most one leader per term, ever.
 *
 * Whoever sends appends, heartbeats or snapshots of a term led it, however briefly.
 */
export class ElectionSafety {
  readonly #leaders: Map<Term, MemberId> = new Map();

  onLeader(id: MemberId, term: Term): void {
    const known = this.#leaders.get(term);
    if (known === undefined) this.#leaders.set(term, id);
    else check(known === id, "I1", () => `term ${term} was led by ${hexId(known)} and by ${hexId(id)}`);
  }

  leaderOf(term: Term): MemberId | undefined {
    return this.#leaders.get(term);
  }
}
