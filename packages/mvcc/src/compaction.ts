import { NumberColumn, WordColumn } from "./columns.ts";
import type { HashJob, KvHash } from "./hash-kv.ts";
import type { DroppedRevisions, KeyIndex } from "./key-index.ts";
import type { RowStore } from "./ports.ts";
import { revisionKey } from "./revision.ts";
import { SortedRuns } from "./sorted-runs.ts";

const tombstoneBit = 0x80000000;

/** The revisions that a compaction drops, to be deleted in their order, so that neighbours share pages. */
class Dropped implements DroppedRevisions {
  readonly #main: NumberColumn = new NumberColumn();
  readonly #sub: WordColumn = new WordColumn();
  readonly #runs: SortedRuns = new SortedRuns(
    (a, b) =>
      this.#main.at(a) - this.#main.at(b) || (this.#sub.at(a) & ~tombstoneBit) - (this.#sub.at(b) & ~tombstoneBit),
  );

  drop(main: number, sub: number, tombstone: boolean): void {
    this.#main.push(main);
    this.#sub.push(tombstone ? (sub | tombstoneBit) >>> 0 : sub);
    this.#runs.add();
  }

  get count(): number {
    return this.#main.length;
  }

  /** Returns the row key of the next revision, undefined at the end. */
  next(): Uint8Array | undefined {
    const id = this.#runs.next();
    if (id < 0) return undefined;
    const sub = this.#sub.at(id);
    return revisionKey(this.#main.at(id), (sub & ~tombstoneBit) >>> 0, sub >= tombstoneBit);
  }
}

/**
 * One compaction to `revision`, in steps: [hash →] index → rows → done.
 *
 * The index says which revisions go, so its cost follows what changed since the last compaction and not what the
 * store holds. The index lets go first; rows follow in order of revisions. A stop in between loses nothing: the index
 * is rebuilt from rows, and the compaction starts over.
 */
export class CompactionJob {
  readonly revision: number;
  readonly #index: KeyIndex;
  readonly #rows: RowStore;
  readonly #dropped: Dropped = new Dropped();
  #hashing: HashJob | undefined;
  /** Rows that are next to go. */
  #keys: Uint8Array[] = [];
  #phase: "hash" | "start" | "index" | "rows" | "done";

  /** @param hashing a hash to take before anything goes. */
  constructor(index: KeyIndex, rows: RowStore, revision: number, hashing: HashJob | undefined) {
    this.#index = index;
    this.#rows = rows;
    this.revision = revision;
    this.#hashing = hashing;
    this.#phase = hashing === undefined ? "start" : "hash";
  }

  /** Rows that go. */
  get droppedRows(): number {
    return this.#dropped.count;
  }

  /** Rows that are gone. */
  removedRows: number = 0;

  /** The hash that was taken, once it was. */
  hash: KvHash | undefined;

  /** Looks at about `rowsMax` rows or index records; returns true when nothing is left to do. */
  step(rowsMax: number): boolean {
    switch (this.#phase) {
      case "hash":
        this.hash = this.#hashing?.step(rowsMax);
        if (this.hash !== undefined) {
          this.#hashing = undefined;
          this.#phase = "start";
        }
        return false;
      case "start":
        this.#index.startCompaction();
        this.#phase = "index";
        return this.step(rowsMax);
      case "index":
        if (!this.#index.compactSome(this.revision, rowsMax, this.#dropped)) return false;
        this.#phase = "rows";
        return this.#dropped.count === 0;
      case "rows":
        return this.#deleteRows(rowsMax);
      case "done":
        return true;
    }
  }

  #deleteRows(rowsMax: number): boolean {
    if (this.#keys.length === 0) {
      for (let key = this.#dropped.next(); key !== undefined; key = this.#dropped.next()) {
        this.#keys.push(key);
        if (this.#keys.length >= rowsMax) break;
      }
    }
    if (this.#keys.length > 0) {
      const removed = this.#rows.deleteSome(this.#keys);
      this.removedRows += removed;
      this.#keys = this.#keys.slice(removed);
    } else this.#phase = "done";
    return this.#phase === "done";
  }
}
