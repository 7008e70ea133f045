import { Compactions } from "./compactions.ts";
import { execute } from "./execute.ts";
import { matchResponse, type Mismatch } from "./match.ts";
import { ModelStore, type StoreMark } from "./model-store.ts";
import type { OkResult, Operation } from "./operation.ts";
import { compacted, earliest, headerOf, latest, type Prepared, violation } from "./prepare.ts";
import type { Verdict, Violation } from "./verdict.ts";

/** An unknown write was chosen to make a revision; here the next one is tried. */
interface Choice {
  readonly slot: number;
  readonly places: readonly number[];
  next: number;
  readonly mark: StoreMark;
  readonly time: number;
  readonly timeBy: number;
  readonly key: string;
}

/** The places of sorted operations by revision: those of slot `i` are `[from[i], from[i + 1])`. */
function indexBySlot(places: readonly number[], { operations, start, last }: Prepared): Int32Array {
  const from = new Int32Array(last - start.revision + 2);
  for (const place of places) {
    const slot = headerOf(operations[place] as Operation) - start.revision + 1;
    from[slot] = (from[slot] as number) + 1;
  }
  for (let slot = 1; slot < from.length; slot++) from[slot] = (from[slot] as number) + (from[slot - 1] as number);
  return from;
}

/**
 * The first judge: revisions are the order.
 *
 * It replays the writes by revision, compares every answer with the state at its revision, and walks time along: `time`
 * is the earliest moment at which the operation under way can have taken effect, the latest begin of all before it. An
 * operation that had returned by then contradicts the order. Where several unknown writes can have made a revision, it
 * tries them in turn.
 */
class RevisionOrder {
  readonly #history: Prepared;
  readonly #compactions: Compactions;
  readonly #store: ModelStore;
  readonly #readsFrom: Int32Array;
  readonly #compactionsFrom: Int32Array;
  /** For each revision, the operation that begins last of those that were told that it is in the future; -1 for none. */
  readonly #refusedBefore: Int32Array;
  readonly #writeTimes: Float64Array;
  readonly #compactionTimes: Float64Array;
  readonly #choices: Choice[] = [];
  /** The unknown writes that are taken by choices under way. */
  readonly #taken: Set<number> = new Set();
  readonly #failed: Set<string> = new Set();
  #time: number = Number.NEGATIVE_INFINITY;
  #timeBy = -1;
  #steps = 0;
  #hasChosen = false;
  #deepest: { readonly slot: number; readonly violation: Violation } | undefined;

  constructor(history: Prepared) {
    this.#history = history;
    this.#compactions = new Compactions(history);
    this.#store = new ModelStore(history.start, history.readsPast);
    this.#readsFrom = indexBySlot(history.reads, history);
    this.#compactionsFrom = indexBySlot(history.compactions, history);
    this.#refusedBefore = new Int32Array(history.owners.length).fill(-1);
    this.#writeTimes = new Float64Array(history.owners.length);
    this.#compactionTimes = new Float64Array(history.compactions.length);
  }

  judge(stepsMax: number): Verdict {
    const fixed = this.#compactions.checkOrder() ?? this.#placeFutures();
    if (fixed !== undefined) return { outcome: "not-linearizable", violation: fixed };
    let slot = 0;
    let found = this.#enter(slot, -1);
    for (;;) {
      if (this.#steps > stepsMax) {
        return { outcome: "unknown", reason: `gave up after ${stepsMax} steps: too many unknown writes` };
      }
      if (found === undefined && slot === this.#history.owners.length - 1) {
        found = this.#compactions.checkRefusals(this.#writeTimes, this.#compactionTimes);
        if (found === undefined) return { outcome: "linearizable" };
      }
      if (found === undefined) {
        slot += 1;
        found = this.#history.owners[slot] === -1 ? this.#open(slot) : this.#enter(slot, this.#ownerOf(slot));
        continue;
      }
      if (this.#deepest === undefined || slot > this.#deepest.slot) this.#deepest = { slot, violation: found };
      const choice = this.#backtrack();
      if (choice === undefined) return this.#hopeless();
      slot = choice.slot;
      found = this.#try(choice);
    }
  }

  #ownerOf(slot: number): number {
    return this.#history.owners[slot] as number;
  }

  /** Whoever was told that a revision is in the future asked before it was made. */
  #placeFutures(): Violation | undefined {
    const { operations, refused, start } = this.#history;
    for (const place of refused) {
      const operation = operations[place] as Operation;
      if (operation.result.status !== "failed" || operation.result.error !== "future") continue;
      const slot = compacted(operations, place) - start.revision;
      if (slot <= 0)
        return violation("wrong-answer", [place], "the answer says future, of a revision before the history");
      const other = this.#refusedBefore[slot];
      if (other === undefined) continue; // Nobody has ever seen that revision.
      const later = other < 0 || earliest(operations[other] as Operation) < earliest(operation);
      if (later) this.#refusedBefore[slot] = place;
    }
    return undefined;
  }

  /** Opens the choice of who made a revision. */
  #open(slot: number): Violation | undefined {
    const revision = slot + this.#history.start.revision;
    const all = this.#history.candidates.get(revision) ?? [];
    const taken = [...this.#taken].sort((a, b) => a - b).join(" ");
    const choice: Choice = {
      slot,
      places: all.filter((place) => !this.#taken.has(place)),
      next: 0,
      mark: this.#store.mark(),
      time: this.#time,
      timeBy: this.#timeBy,
      key: `${this.#time} ${this.#store.fingerprint()} ${taken}`,
    };
    if (this.#failed.has(choice.key) || choice.places.length === 0) {
      return violation("missing-revision", [...all], `no unknown write is left to have made revision ${revision}`);
    }
    this.#choices.push(choice);
    this.#hasChosen = true;
    return this.#try(choice);
  }

  #try(choice: Choice): Violation | undefined {
    const place = choice.places[choice.next] as number;
    choice.next += 1;
    this.#taken.add(place);
    return this.#enter(choice.slot, place);
  }

  /** Goes back to the last choice that has something left to try. */
  #backtrack(): Choice | undefined {
    for (let choice = this.#choices.at(-1); choice !== undefined; choice = this.#choices.at(-1)) {
      this.#store.undo(choice.mark);
      this.#time = choice.time;
      this.#timeBy = choice.timeBy;
      this.#taken.delete(choice.places[choice.next - 1] as number);
      if (choice.next < choice.places.length) return choice;
      this.#failed.add(choice.key);
      this.#choices.pop();
    }
    return undefined;
  }

  #hopeless(): Verdict {
    const { violation: deepest } = this.#deepest as { violation: Violation };
    if (!this.#hasChosen) return { outcome: "not-linearizable", violation: deepest };
    const reason = `whichever unknown writes took effect: ${deepest.reason}`;
    return { outcome: "not-linearizable", violation: { ...deepest, kind: "no-order", reason } };
  }

  #notBefore(place: number): void {
    const begin = earliest(this.#history.operations[place] as Operation);
    if (begin <= this.#time) return;
    this.#time = begin;
    this.#timeBy = place;
  }

  /** Says whether an operation had returned before it can have taken effect. */
  #late(place: number): Violation | undefined {
    if (latest(this.#history.operations[place] as Operation) >= this.#time) return undefined;
    const reason = "the first to return has seen, or made, the later state";
    return violation("real-time", [this.#timeBy, place], reason);
  }

  /** Makes a revision by the write at `place` (the first of all has none), and judges all that was seen of it. */
  #enter(slot: number, place: number): Violation | undefined {
    if (place >= 0) {
      const refused = this.#refusedBefore[slot] as number;
      if (refused >= 0) this.#notBefore(refused);
      this.#notBefore(place);
      const found = this.#late(place) ?? this.#replay(place);
      if (found !== undefined) return found;
    }
    this.#writeTimes[slot] = this.#time;
    return this.#judgeReads(slot);
  }

  #judgeReads(slot: number): Violation | undefined {
    const { reads, compactions, operations } = this.#history;
    const end = this.#readsFrom[slot + 1] as number;
    for (let i = this.#readsFrom[slot] as number; i < end; i++) {
      const place = reads[i] as number;
      const found = this.#late(place) ?? this.#replay(place);
      if (found !== undefined) return found;
    }
    const compactionsEnd = this.#compactionsFrom[slot + 1] as number;
    for (let i = this.#compactionsFrom[slot] as number; i < compactionsEnd; i++) {
      const place = compactions[i] as number;
      const read = this.#compactions.lastReadBefore(compacted(operations, place));
      if (read >= 0) this.#notBefore(read);
      this.#notBefore(place);
      const found = this.#late(place);
      if (found !== undefined) return found;
      this.#compactionTimes[i] = this.#time;
    }
    // Only now: reads of one revision, and a compaction among them, come in any order.
    for (let i = this.#readsFrom[slot] as number; i < end; i++) this.#notBefore(reads[i] as number);
    return undefined;
  }

  /** Runs an operation on the state at its revision and compares the answers. */
  #replay(place: number): Violation | undefined {
    this.#steps += 1;
    const { request, result } = this.#history.operations[place] as Operation;
    const before = this.#store.revision;
    const mark = this.#store.mark();
    const response = execute(this.#store, request);
    const header = result.status === "ok" ? result.revision : before + 1;
    if (typeof response === "string") {
      return violation("wrong-answer", [place], `at revision ${header} the answer is expected to be: ${response}`);
    }
    if (this.#store.revision !== header) {
      const wrote = this.#store.revision > before;
      this.#store.undo(mark);
      const reason = `at revision ${before} it is expected to write ${wrote ? "something" : "nothing"}`;
      return violation("wrong-answer", [place], reason);
    }
    if (result.status !== "ok") return undefined;
    const mismatch = matchResponse(request, response, (result as OkResult).response);
    return mismatch === undefined ? undefined : this.#explain(place, header, mismatch);
  }

  #explain(place: number, revision: number, mismatch: Mismatch): Violation {
    const { owners, start } = this.#history;
    const makers = (mismatch.revisions ?? []).map((made) => owners[made - start.revision] ?? -1);
    return violation("wrong-answer", [place, ...makers], `at revision ${revision}, ${mismatch.reason}`);
  }
}

/**
 * Judges a prepared history by its revisions.
 *
 * @param stepsMax how many operations may be replayed, choices included, before the verdict is unknown.
 */
export function judgeByRevision(history: Prepared, stepsMax: number): Verdict {
  return new RevisionOrder(history).judge(stepsMax);
}
