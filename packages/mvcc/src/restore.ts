import { CorruptError, type LeaseId } from "@quorate/base";
import type { KeyIndex } from "./key-index.ts";
import { noLease, RowReader } from "./key-value.ts";
import type { RowStore } from "./ports.ts";
import { checkRevisionKey, isTombstoneKey, mainOf, revisionKey, subOf } from "./revision.ts";

/** Behind every row whose revision is a safe integer. */
const lastBound: Uint8Array = new Uint8Array(8).fill(0xff);

/** A living key that is attached to a lease. */
export interface LeasedKey {
  readonly key: Uint8Array;
  readonly lease: LeaseId;
}

/**
 * Rebuilds the key index from the rows, in steps. Rows come in order of revisions, so each is the newest of its key
 * when it is met; the first row of a key says when the key was created, which compaction may have dropped.
 */
export class RestoreJob {
  readonly #index: KeyIndex;
  readonly #rows: RowStore;
  readonly #onRestored: (lastRevision: number) => void;
  readonly #reader: RowReader = new RowReader();
  readonly #leases: Map<number, LeaseId> = new Map();
  #from: Uint8Array = revisionKey(1, 0, false);
  #lastMain = 1;
  #lastSub = 0;
  #done = false;

  /** @param onRestored called with the highest revision of a row, 1 when there is none. */
  constructor(index: KeyIndex, rows: RowStore, onRestored: (lastRevision: number) => void) {
    this.#index = index;
    this.#rows = rows;
    this.#onRestored = onRestored;
  }

  /** Takes in up to `rowsMax` rows; true when the store is ready. Throws `CorruptError`. */
  step(rowsMax: number): boolean {
    if (this.#done) return true;
    const visited = this.#rows.range(this.#from, lastBound, (key, row) => this.#takeIn(key, row), rowsMax);
    if (visited >= rowsMax) {
      this.#from = revisionKey(this.#lastMain, this.#lastSub + 1, false);
      return false;
    }
    this.#done = true;
    this.#onRestored(this.#lastMain);
    return true;
  }

  #takeIn(key: Uint8Array, row: Uint8Array): boolean {
    checkRevisionKey(key);
    const tombstone = isTombstoneKey(key);
    const reader = this.#reader;
    reader.read(row);
    this.#lastMain = mainOf(key);
    this.#lastSub = subOf(key);
    if (reader.createRevision > this.#lastMain) {
      throw new CorruptError(
        "bucket key",
        `revision ${this.#lastMain} is of a key created at ${reader.createRevision}`,
      );
    }
    const slot = this.#index.restore(
      row.subarray(reader.keyStart, reader.keyEnd),
      this.#lastMain,
      this.#lastSub,
      reader.createRevision,
      reader.version,
      tombstone,
    );
    if (reader.lease !== noLease && !tombstone) this.#leases.set(slot, reader.lease);
    else if (this.#leases.size > 0) this.#leases.delete(slot);
    return true;
  }

  /** The keys that live and have a lease; to be read when the store is ready and before it changes. */
  *leasedKeys(): Generator<LeasedKey, void> {
    for (const [slot, lease] of this.#leases) yield { key: this.#index.keyOf(slot), lease };
  }
}
