import { type LogIndex, type MemberId, noMember, type Term } from "@quorate/base";

/** The position of a log's last entry. */
export interface LogEnd {
  readonly term: Term;
  readonly index: LogIndex;
}

/** What a member has told others, so that no crash may take it back. */
export interface Promises {
  /** It has the log up to here. */
  readonly log: LogEnd;
  /** It knows of this term. */
  readonly term: Term;
  /** It gave its vote in `term` to this member; none when it gave no vote. */
  readonly vote: MemberId;
}

export const nothingPromised: Promises = { log: { term: 0, index: 0 }, term: 0, vote: noMember };

/** A promise that left the member when `at` operations were done. */
interface Given {
  readonly at: number;
  readonly promises: Promises;
}

/** Collects promises with the place in the journal at which each was given. */
export class PromiseBook {
  readonly #given: Given[] = [];
  #now: Promises = nothingPromised;

  constructor(start: Promises = nothingPromised) {
    this.#now = start;
    this.#given.push({ at: 0, promises: start });
  }

  add(at: number, more: Partial<Promises>): void {
    const old = this.#now;
    const log = more.log !== undefined && isBehind(old.log, more.log) ? more.log : old.log;
    const term = Math.max(old.term, more.term ?? 0);
    const vote = more.vote ?? (term > old.term ? noMember : old.vote);
    this.#now = { log, term, vote };
    this.#given.push({ at, promises: this.#now });
  }

  /** What had been promised when `at` operations were done. */
  at(at: number): Promises {
    return (this.#given.findLast((given) => given.at <= at) ?? { promises: nothingPromised }).promises;
  }

  get now(): Promises {
    return this.#now;
  }
}

/** Tells whether a log that ends at `a` is behind one that ends at `b`, in raft's order. */
export function isBehind(a: LogEnd, b: LogEnd): boolean {
  return a.term < b.term || (a.term === b.term && a.index < b.index);
}
