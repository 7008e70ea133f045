import type { LogIndex, Term } from "@quorate/base";

/** Terms by index, as one version of a log has them. */
export class Terms {
  /** 0 where nothing is known. */
  readonly #terms: Term[] = [0];
  last: LogIndex = 0;
  /** The index up to which the log is only known as a snapshot. */
  base: LogIndex = 0;

  at(index: LogIndex): Term {
    return index > this.last ? 0 : (this.#terms[index] ?? 0);
  }

  set(index: LogIndex, term: Term): void {
    while (this.#terms.length <= index) this.#terms.push(0);
    this.#terms[index] = term;
    this.last = index;
  }

  startAt(index: LogIndex, term: Term): void {
    this.base = index;
    this.set(index, term);
  }

  copyFrom(other: Terms): void {
    this.#terms.length = 0;
    for (const term of other.#terms) this.#terms.push(term);
    this.last = other.last;
    this.base = other.base;
  }
}
