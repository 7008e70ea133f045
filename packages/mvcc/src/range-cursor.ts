import { compareBytes } from "@quorate/base";
import { NumberColumn, WordColumn } from "./columns.ts";
import type { KeyIndex } from "./key-index.ts";
import { valueOf, withoutValue } from "./key-value.ts";
import { KeyWalk } from "./key-walk.ts";
import {
  filterOf,
  keySpan,
  passes,
  type RangeQuery,
  type RevisionFilter,
  SortOrder,
  SortTarget,
} from "./range-query.ts";
import type { RowReads } from "./row-reads.ts";
import { SortedRuns } from "./sorted-runs.ts";

/** What one step of a cursor gives. */
export interface RangeSlice {
  readonly kind: "slice";
  readonly rows: readonly Uint8Array[];
  /** Whether this was the last slice; then `count` and `more` of the cursor hold. */
  readonly done: boolean;
}

/** The revision was compacted away under a cursor that did not pin it. */
export interface RangeCompacted {
  readonly kind: "compacted";
  readonly compactRevision: number;
}

/** How a cursor is tied to the store that made it. */
export interface CursorHost {
  readonly index: KeyIndex;
  readonly reads: RowReads;
  readonly compactRevision: number;
}

/** Rows that were gathered to be sorted: columns, and the row itself when its value is the sort key. */
interface Gathered {
  readonly main: NumberColumn;
  readonly sub: WordColumn;
  readonly target: NumberColumn;
  readonly rows: Uint8Array[];
  readonly runs: SortedRuns;
}

type Phase = "emit" | "gather" | "sorted" | "count" | "done";

/**
 * Answers one range in steps of bounded work, all at one revision. Between steps the store may change.
 *
 * In key order, rows are fetched while the index is walked, and the walk ends with the last row that is wanted: the
 * count comes from the index. Any other order gathers what matches, sorts it by columns of the index (rows are read
 * only for the rows returned, unless their values are the sort key), and then fetches.
 * At an old revision the rest of the range is walked for the count, in steps too.
 */
export class RangeCursor {
  /** The store's revision when the cursor was made, for the response header. */
  readonly revision: number;
  readonly #host: CursorHost;
  readonly #at: number;
  readonly #walk: KeyWalk;
  readonly #filter: RevisionFilter | undefined;
  readonly #limit: number;
  readonly #keysOnly: boolean;
  readonly #gathered: Gathered | undefined;
  readonly #target: SortTarget;
  /** How many matches are gathered before sorting; etcd cuts here when a target is named without an order. */
  readonly #gatherMax: number;
  #onClose: (() => void) | undefined;
  #phase: Phase;
  #emitted = 0;
  #matched = 0;
  /** Living keys seen, when the index could not count them; else -1. */
  #walked: number;
  #count = 0;
  #more = false;

  /**
   * @param at the revision to read, which the caller has found readable.
   * @param newest whether nothing in the index is newer than `at`.
   * @param onClose called once when the cursor needs its revision no longer.
   */
  constructor(
    host: CursorHost,
    query: RangeQuery,
    at: number,
    revision: number,
    newest: boolean,
    onClose: (() => void) | undefined,
  ) {
    this.#host = host;
    this.#at = at;
    this.revision = revision;
    this.#onClose = onClose;
    const span = keySpan(query.key, query.rangeEnd);
    // The smallest key behind K is K with a zero byte.
    const to = span.single ? successor(span.from) : span.to;
    const order = query.sortOrder ?? SortOrder.none;
    this.#target = query.sortTarget ?? SortTarget.key;
    this.#filter = filterOf(query);
    this.#limit = Math.max(0, query.limit ?? 0);
    this.#keysOnly = query.keysOnly ?? false;
    const byKey = this.#target === SortTarget.key;
    this.#walk = new KeyWalk(host.index, span.from, to, at, byKey && order === SortOrder.descend);
    this.#walked = newest ? -1 : 0;
    if (newest) this.#count = host.index.countLive(span.from, to);
    const cutEarly = order === SortOrder.none && this.#filter === undefined && this.#limit > 0;
    this.#gatherMax = cutEarly ? this.#limit + 1 : Number.POSITIVE_INFINITY;
    if (query.countOnly === true) {
      this.#gathered = undefined;
      this.#phase = newest ? "done" : "count";
    } else {
      this.#gathered = byKey ? undefined : gatherBy(this.#target, order === SortOrder.descend);
      this.#phase = byKey ? "emit" : "gather";
    }
    if (this.#phase === "done") this.close();
  }

  /** Keys in the range; holds once a step said `done`. */
  get count(): number {
    return this.#walked >= 0 ? this.#walked : this.#count;
  }

  /** Whether the limit cut rows off; holds once a step said `done`. */
  get more(): boolean {
    return this.#more;
  }

  /**
   * Works on until about `keysMax` keys were looked at, `bytesMax` bytes of rows were found, or all is done.
   * A step that returns rows without `done` may return none, when it only gathered, sorted or counted.
   */
  step(keysMax: number, bytesMax: number): RangeSlice | RangeCompacted {
    const { compactRevision } = this.#host;
    if (this.#phase !== "done" && this.#at < compactRevision && this.#onClose === undefined) {
      this.#phase = "done";
      return { kind: "compacted", compactRevision };
    }
    const rows: Uint8Array[] = [];
    this.#walk.left = keysMax;
    if (this.#phase === "gather") this.#gather(keysMax === Number.POSITIVE_INFINITY);
    if (this.#phase === "emit") this.#emit(bytesMax, rows);
    if (this.#phase === "sorted") this.#emitSorted(bytesMax, rows);
    if (this.#phase === "count") this.#countRest();
    const done = this.#phase === "done";
    if (done) this.close();
    else this.#walk.pause();
    return { kind: "slice", rows, done };
  }

  /** Lets go of the revision; to be called when the cursor is given up before it is done. Idempotent. */
  close(): void {
    this.#phase = "done";
    const onClose = this.#onClose;
    this.#onClose = undefined;
    onClose?.();
  }

  /** Walks to the next key that passes the filter; false at the end. */
  #nextMatch(): boolean {
    const { records } = this.#host.index;
    while (this.#walk.next()) {
      if (this.#walked >= 0) this.#walked += 1;
      const { record } = this.#walk;
      if (this.#filter === undefined) return true;
      if (passes(this.#filter, records.createRevision(record), records.main(record))) return true;
    }
    return false;
  }

  #emit(bytesMax: number, rows: Uint8Array[]): void {
    const { records } = this.#host.index;
    const full = this.#limit > 0 ? this.#limit : Number.POSITIVE_INFINITY;
    // Without a filter the counted index knows whether more follows.
    const counted = this.#filter === undefined && this.#walked < 0;
    let bytes = bytesMax;
    while (bytes > 0) {
      if (this.#emitted === full && counted) {
        this.#more = this.#count > this.#limit;
        this.#phase = "done";
        return;
      }
      if (!this.#nextMatch()) {
        if (this.#walk.ended) this.#phase = "done";
        return;
      }
      if (this.#emitted === full) {
        this.#more = true;
        this.#phase = this.#walked >= 0 ? "count" : "done";
        return;
      }
      const { record } = this.#walk;
      const row = this.#fetch(records.main(record), records.sub(record));
      rows.push(row);
      this.#emitted += 1;
      bytes -= row.length;
    }
  }

  /** @param unbounded whether the caller wants all in one step. */
  #gather(unbounded: boolean): void {
    const { main, sub, target, rows, runs } = this.#gathered as Gathered;
    const { index, reads } = this.#host;
    const { records } = index;
    while (this.#matched < this.#gatherMax) {
      if (!this.#nextMatch()) {
        if (!this.#walk.ended) return;
        break;
      }
      this.#matched += 1;
      const { record } = this.#walk;
      const mainRevision = records.main(record);
      main.push(mainRevision);
      sub.push(records.sub(record));
      if (this.#target === SortTarget.value) rows.push(reads.row(mainRevision, records.sub(record)));
      else if (this.#target === SortTarget.version) target.push(records.version(record));
      else if (this.#target === SortTarget.create) target.push(records.createRevision(record));
      // A run was sorted: enough for one step.
      if (runs.add() && !unbounded) return;
    }
    this.#more = this.#limit > 0 && this.#matched > this.#limit;
    this.#phase = "sorted";
  }

  #emitSorted(bytesMax: number, rows: Uint8Array[]): void {
    const { main, sub, runs } = this.#gathered as Gathered;
    const full = this.#limit > 0 ? this.#limit : Number.POSITIVE_INFINITY;
    let bytes = bytesMax;
    while (this.#walk.left > 0 && bytes > 0) {
      const next = this.#emitted === full ? -1 : runs.next();
      if (next < 0) {
        this.#phase = this.#walked >= 0 ? "count" : "done";
        return;
      }
      const row = this.#fetch(main.at(next), sub.at(next));
      rows.push(row);
      this.#emitted += 1;
      this.#walk.left -= 1;
      bytes -= row.length;
    }
  }

  #countRest(): void {
    while (this.#walk.next()) this.#walked += 1;
    if (this.#walk.ended) this.#phase = "done";
  }

  #fetch(main: number, sub: number): Uint8Array {
    const row = this.#host.reads.row(main, sub);
    return this.#keysOnly ? withoutValue(row) : row;
  }
}

function gatherBy(target: SortTarget, descend: boolean): Gathered {
  const main = new NumberColumn();
  const sub = new WordColumn();
  const column = target === SortTarget.mod ? main : new NumberColumn();
  const rows: Uint8Array[] = [];
  const sign = descend ? -1 : 1;
  const byNumber = (a: number, b: number): number => sign * (column.at(a) - column.at(b));
  const byValue = (a: number, b: number): number =>
    sign * compareBytes(valueOf(rows[a] as Uint8Array), valueOf(rows[b] as Uint8Array));
  return { main, sub, target: column, rows, runs: new SortedRuns(target === SortTarget.value ? byValue : byNumber) };
}

function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
