import { invariant } from "@quorate/base";

/** Revisions that somebody is reading and that no compaction may take away meanwhile. */
export class Pins {
  readonly #counts: Map<number, number> = new Map();

  add(revision: number): void {
    this.#counts.set(revision, (this.#counts.get(revision) ?? 0) + 1);
  }

  release(revision: number): void {
    const count = this.#counts.get(revision) ?? 0;
    invariant(count > 0, "a revision was released twice", () => ({ revision }));
    if (count === 1) this.#counts.delete(revision);
    else this.#counts.set(revision, count - 1);
  }

  /** How many readers there are. */
  get readers(): number {
    let readers = 0;
    for (const count of this.#counts.values()) readers += count;
    return readers;
  }

  /** Whether a pinned revision lies below `revision`. */
  anyBelow(revision: number): boolean {
    for (const pinned of this.#counts.keys()) if (pinned < revision) return true;
    return false;
  }
}
