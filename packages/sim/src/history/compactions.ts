import type { OkResult, Operation } from "./operation.ts";
import { compacted, earliest, headerOf, latest, type Prepared, pastOf, violation } from "./prepare.ts";
import type { Violation } from "./verdict.ts";

/**
 * When the compactions of a history can have happened.
 *
 * Answered compactions are ordered by the revision that they name, for each must name a later one than the last. One
 * with an unknown result is taken to happen as early as harms nobody: after the reads and the compactions that it would
 * have spoilt. That is exact: it can only help operations that were refused as compacted, and has no answer to fit.
 */
export class Compactions {
  readonly #history: Prepared;
  /** The earlier revisions that were read, ascending, and the reads themselves in that order. */
  readonly #pasts: readonly number[];
  /** For each of them the latest begin of all reads up to it, and the read that has it. */
  readonly #begins: readonly number[];

  constructor(history: Prepared) {
    this.#history = history;
    const { operations } = history;
    this.#pasts = history.reads
      .filter((place) => pastOf(operations[place] as Operation) > 0)
      .sort((a, b) => pastOf(operations[a] as Operation) - pastOf(operations[b] as Operation));
    let latestBegin = -1;
    this.#begins = this.#pasts.map((place) => {
      const begin = earliest(operations[place] as Operation);
      if (latestBegin < 0 || begin > earliest(operations[latestBegin] as Operation)) latestBegin = place;
      return latestBegin;
    });
  }

  /** How many of the reads of the past ask for a revision below `revision`. */
  #countBelow(revision: number): number {
    const { operations } = this.#history;
    let low = 0;
    let high = this.#pasts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (pastOf(operations[this.#pasts[middle] as number] as Operation) < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The read that begins last of those that a compaction of `revision` would refuse; -1 for none. */
  lastReadBefore(revision: number): number {
    return this.#begins[this.#countBelow(revision) - 1] ?? -1;
  }

  /** What no moment can mend: compactions out of order, and reads of what was compacted at an earlier revision. */
  checkOrder(): Violation | undefined {
    const { operations, compactions, start } = this.#history;
    let before = -1;
    for (const place of compactions) {
      const revision = compacted(operations, place);
      const header = headerOf(operations[place] as Operation);
      const floor = before < 0 ? start.compactRevision : compacted(operations, before);
      if (((operations[place] as Operation).result as OkResult).response.kind !== "compact" || revision > header) {
        return violation("wrong-answer", [place], `revision ${revision} was compacted in a store at ${header}`);
      }
      if (revision <= floor) {
        const reason = `revision ${revision} was compacted although ${floor} was compacted before`;
        return violation("compaction", [before, place], reason);
      }
      if (before >= 0 && header < headerOf(operations[before] as Operation)) {
        const reason = `revision ${revision} was compacted at ${header}, but ${floor} later`;
        return violation("compaction", [before, place], reason);
      }
      before = place;
    }
    return this.#checkPasts();
  }

  #checkPasts(): Violation | undefined {
    const { operations, compactions, start } = this.#history;
    let next = 0;
    for (const place of this.#pasts) {
      const operation = operations[place] as Operation;
      const past = pastOf(operation);
      if (past < start.compactRevision) {
        return violation("compaction", [place], `revision ${past} was read, but it was compacted before the history`);
      }
      while (next < compactions.length && compacted(operations, compactions[next] as number) <= past) next += 1;
      const spoiler = compactions[next];
      if (spoiler !== undefined && headerOf(operation) > headerOf(operations[spoiler] as Operation)) {
        const reason = `revision ${past} was read in a store at ${headerOf(operation)}, compacted before`;
        return violation("compaction", [spoiler, place], reason);
      }
    }
    return undefined;
  }

  /**
   * Looks, for each refusal as compacted, for a compaction that can have happened in time.
   *
   * @param writeTimes by revision less the first: the earliest time at which it can have been made.
   * @param times the same for the answered compactions, in their order.
   */
  checkRefusals(writeTimes: Float64Array, times: Float64Array): Violation | undefined {
    const { operations, refused, compactions, doubtfulCompactions, start } = this.#history;
    let doubtful: readonly { readonly revision: number; readonly time: number }[] | undefined;
    for (const place of refused) {
      const operation = operations[place] as Operation;
      if (operation.result.status !== "failed" || operation.result.error !== "compacted") continue;
      // A compaction is refused also when it names the very revision that was compacted.
      const least = compacted(operations, place) + (operation.request.kind === "compact" ? 0 : 1);
      if (least <= start.compactRevision) continue;
      const known = compactions.findIndex((other) => compacted(operations, other) >= least);
      let time = known < 0 ? Number.POSITIVE_INFINITY : (times[known] as number);
      doubtful ??= doubtfulCompactions.map((other) => this.#doubtfulTime(other, writeTimes, times));
      for (const other of doubtful) if (other.revision >= least) time = Math.min(time, other.time);
      if (time > latest(operation)) {
        const spoiler = known < 0 ? -1 : (compactions[known] as number);
        const reason = "the answer says compacted, but no such compaction can have happened before";
        return violation("compaction", [spoiler, place], reason);
      }
    }
    return undefined;
  }

  #doubtfulTime(
    place: number,
    writeTimes: Float64Array,
    times: Float64Array,
  ): { readonly revision: number; readonly time: number } {
    const { operations, compactions, start } = this.#history;
    const revision = compacted(operations, place);
    let time = Math.max((operations[place] as Operation).invoke, writeTimes[revision - start.revision] ?? 0);
    const spoilt = this.#countBelow(revision);
    for (let i = 0; i < spoilt; i++) {
      const read = operations[this.#pasts[i] as number] as Operation;
      time = Math.max(time, earliest(read), writeTimes[headerOf(read) - start.revision] as number);
    }
    for (const [i, other] of compactions.entries()) {
      if (compacted(operations, other) <= revision) time = Math.max(time, times[i] as number);
    }
    return { revision, time };
  }
}
