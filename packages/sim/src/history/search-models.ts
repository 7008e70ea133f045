import { invariant } from "@quorate/base";
import { execute } from "./execute.ts";
import { matchResponse } from "./match.ts";
import { ModelStore, type StoreMark } from "./model-store.ts";
import type { HistoryStart, Operation } from "./operation.ts";
import { compacted, headerOf, type Prepared, pastOf } from "./prepare.ts";
import { hasWritten } from "./requests.ts";
import type { SearchModel } from "./wing-gong.ts";

/** How many revisions a model knows of: all of them, or only those of its own keys. */
export type Density = "all" | "own";

/** Which revision each operation is known to have made: its answer says so, or nobody else can have. */
export function madeBy({ owners, start }: Prepared): Map<number, number> {
  const made = new Map<number, number>();
  for (const [slot, place] of owners.entries()) if (place >= 0) made.set(place, start.revision + slot);
  return made;
}

/**
 * The store as one object: an operation runs on the state that the operations before it have left, and its answer and
 * revision must come out.
 *
 * With the density "own" it holds only some of the keys, and revisions that others made are jumped over. Compactions
 * are then another model's business.
 */
export class StoreModel implements SearchModel {
  readonly #history: Prepared;
  readonly #items: readonly number[];
  readonly #density: Density;
  readonly #made: ReadonlyMap<number, number>;
  readonly #store: ModelStore;
  readonly #marks: StoreMark[] = [];

  /**
   * @param items the position in the history of each item.
   * @param start what is stored before, as far as it concerns these items.
   */
  constructor(
    history: Prepared,
    items: readonly number[],
    density: Density,
    made: ReadonlyMap<number, number>,
    start: HistoryStart = history.start,
  ) {
    this.#history = history;
    this.#items = items;
    this.#density = density;
    this.#made = made;
    this.#store = new ModelStore(start, history.readsPast);
  }

  step(item: number): 0 | 1 | 2 {
    const place = this.#items[item] as number;
    const operation = this.#history.operations[place] as Operation;
    if (operation.result.status === "failed") return this.#stepRefused(operation, operation.result.error);
    if (operation.result.status === "unknown" && !this.#mayBeNext(place, operation)) return 0;
    const mark = this.#store.mark();
    if (!this.#moveTo(place, operation)) return 0;
    const fits = this.#run(place, operation);
    if (!fits) {
      this.#store.undo(mark);
      return 0;
    }
    const { changes, revision, compactRevision } = this.#store.mark();
    if (changes === mark.changes && revision === mark.revision && compactRevision === mark.compactRevision) return 1;
    this.#marks.push(mark);
    return 2;
  }

  /** Brings the revision to where the operation saw it; false if it cannot be there now. */
  #moveTo(place: number, { result }: Operation): boolean {
    const made = this.#made.get(place);
    const revision = made !== undefined ? made - 1 : result.status === "ok" ? result.revision : this.#store.revision;
    if (this.#density === "all" || revision < this.#store.revision) return revision === this.#store.revision;
    this.#store.revision = revision;
    return true;
  }

  #run(place: number, { request, result }: Operation): boolean {
    const before = this.#store.revision;
    const response = execute(this.#store, request);
    if (typeof response === "string") return false;
    const wrote = this.#store.revision > before;
    if (result.status !== "ok") return wrote || request.kind === "compact";
    if (this.#store.revision !== result.revision || wrote !== hasWritten(result.response)) return false;
    return matchResponse(request, response, result.response) === undefined;
  }

  /** Whether an operation with an unknown result can have any effect now that a later answer leaves room for. */
  #mayBeNext(place: number, { request }: Operation): boolean {
    if (request.kind === "compact" || this.#made.has(place)) return true;
    return this.#history.candidates.get(this.#store.revision + 1)?.includes(place) === true;
  }

  #stepRefused({ request }: Operation, error: string | undefined): 0 | 1 {
    const mark = this.#store.mark();
    const answer = execute(this.#store, request);
    if (answer === error) return 1;
    this.#store.undo(mark); // It would not have been refused.
    return 0;
  }

  back(): void {
    const mark = this.#marks.pop();
    invariant(mark !== undefined, "there is no step to take back");
    this.#store.undo(mark);
  }

  fingerprint(): string {
    return this.#store.fingerprint();
  }
}

/** Revisions without keys: who made which, what was compacted, and what every header shows of it. */
export class RevisionModel implements SearchModel {
  readonly #history: Prepared;
  readonly #items: readonly number[];
  readonly #made: ReadonlyMap<number, number>;
  readonly #undo: number[] = [];
  #revision: number;
  #compactRevision: number;

  constructor(history: Prepared, items: readonly number[], made: ReadonlyMap<number, number>) {
    this.#history = history;
    this.#items = items;
    this.#made = made;
    this.#revision = history.start.revision;
    this.#compactRevision = history.start.compactRevision;
  }

  step(item: number): 0 | 1 | 2 {
    const place = this.#items[item] as number;
    const { operations } = this.#history;
    const operation = operations[place] as Operation;
    const { request, result } = operation;
    const made = this.#made.get(place);
    if (made !== undefined) return this.#change(made === this.#revision + 1, made, this.#compactRevision);
    const named = request.kind === "compact" ? request.revision : pastOf(operation);
    const old = request.kind === "compact" ? named <= this.#compactRevision : named < this.#compactRevision;
    if (result.status === "failed") {
      return (result.error === "future" ? named > this.#revision : named <= this.#revision && old) ? 1 : 0;
    }
    if (result.status === "ok" && headerOf(operation) !== this.#revision) return 0;
    if (request.kind === "compact") {
      return this.#change(!old && named <= this.#revision, this.#revision, compacted(operations, place));
    }
    return named > 0 && old ? 0 : 1;
  }

  #change(fits: boolean, revision: number, compactRevision: number): 0 | 2 {
    if (!fits) return 0;
    this.#undo.push(this.#revision, this.#compactRevision);
    this.#revision = revision;
    this.#compactRevision = compactRevision;
    return 2;
  }

  back(): void {
    invariant(this.#undo.length > 0, "there is no step to take back");
    this.#compactRevision = this.#undo.pop() as number;
    this.#revision = this.#undo.pop() as number;
  }

  fingerprint(): string {
    return `${this.#revision},${this.#compactRevision}`;
  }
}
