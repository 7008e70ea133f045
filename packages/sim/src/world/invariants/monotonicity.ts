import { hexId, type LogIndex, type MemberId, noMember, type Term } from "@quorate/base";
import type { HardState } from "@quorate/raft";
import { check } from "../violation.ts";

/**
 * I6, monotonicity: a leader only appends; commit, applied and term never go back; one vote per member and term, also
 * across restarts.
 */
export class Monotonicity {
  readonly #votes: Map<string, MemberId> = new Map();

  /** A hard state goes to the log. */
  onHardState(name: string, state: HardState, before: HardState): void {
    check(state.term >= before.term, "I6", () => `${name} falls from term ${before.term} to ${state.term}`);
    check(state.commit >= before.commit, "I6", () => `${name} falls from commit ${before.commit} to ${state.commit}`);
  }

  /** A vote is durable, or leaves. */
  onVote(name: string, id: MemberId, term: Term, vote: MemberId): void {
    const key = `${hexId(id)} ${term}`;
    const known = this.#votes.get(key);
    if (known === undefined) this.#votes.set(key, vote);
    else check(known === vote, "I6", () => `${name} votes for ${hexId(known)} and for ${hexId(vote)} in term ${term}`);
  }

  /** A disk lost the votes of its member, as the world allows. */
  forget(id: MemberId): void {
    const prefix = `${hexId(id)} `;
    for (const key of [...this.#votes.keys()]) if (key.startsWith(prefix)) this.#votes.delete(key);
  }

  /** A member replaces entries from `index` on. */
  onTruncate(name: string, leads: boolean, index: LogIndex): void {
    check(!leads, "I6", () => `${name} leads and replaces its own entry ${index}`);
  }

  onProgress(name: string, what: string, before: number, now: number): void {
    check(now >= before, "I6", () => `${name} falls from ${what} ${before} to ${now}`);
  }

  /** A process has started from its disk. */
  onBoot(name: string, durable: HardState, found: HardState): void {
    check(
      found.term >= durable.term,
      "I6",
      () => `${name} starts in term ${found.term}, though term ${durable.term} was durable`,
    );
    check(
      found.term > durable.term || durable.vote === noMember || found.vote === durable.vote,
      "I6",
      () => `${name} starts without its durable vote for ${hexId(durable.vote)} in term ${durable.term}`,
    );
  }
}
