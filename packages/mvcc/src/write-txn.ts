import { invariant, type LeaseId } from "@quorate/base";
import type { KeyIndex } from "./key-index.ts";
import { encodeKeyValue, encodeTombstone, noLease } from "./key-value.ts";
import { KeyWalk } from "./key-walk.ts";
import type { RowStore } from "./ports.ts";
import { keySpan, type RangeOutcome, type RangeQuery } from "./range-query.ts";
import { revisionKey } from "./revision.ts";
import type { RowSlab } from "./row-slab.ts";

/** Where a key stands at a revision. */
export interface KeyState {
  readonly createRevision: number;
  readonly modRevision: number;
  /** Number of the change inside its transaction; with `modRevision` it names the row. */
  readonly modSub: number;
  readonly version: number;
}

/**
 * One changed row of a transaction, as watchers and lease bookkeeping need it. `row` is the encoded `KeyValue`, for a
 * tombstone with the key only. The previous row is named by `prevRevision` and `prevSub`; a revision of 0 means that
 * the key was not there.
 */
export interface Change {
  readonly kind: "put" | "delete";
  readonly key: Uint8Array;
  readonly row: Uint8Array;
  readonly revision: number;
  readonly sub: number;
  /** 0 for a delete, as `version` is. */
  readonly createRevision: number;
  readonly version: number;
  /** Of the new row; a delete has none. */
  readonly lease: LeaseId;
  readonly prevRevision: number;
  readonly prevSub: number;
}

/** What the store gives a transaction. */
export interface TxnHost {
  readonly index: KeyIndex;
  readonly rows: RowStore;
  readonly slab: RowSlab;
  /** Reads at `newest` when the query names no revision. */
  rangeAt(query: RangeQuery, newest: number): RangeOutcome;
  /** Ends the transaction; the store's revision becomes `revision`. */
  commit(revision: number): void;
}

/**
 * A write transaction: all changes share one main revision, their order gives the sub revisions. Reads see them at
 * once. It cannot be undone, so the caller has made all checks before; it begins and ends without a turn of the loop.
 */
export class WriteTxn {
  /** The main revision of its changes. */
  readonly revision: number;
  readonly #host: TxnHost;
  readonly #changes: Change[] = [];
  #open = true;

  constructor(host: TxnHost, revision: number) {
    this.#host = host;
    this.revision = revision;
  }

  /** Changes so far, in order. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** The revision that reads see now: the one before, until something was changed. */
  get readRevision(): number {
    return this.#changes.length > 0 ? this.revision : this.revision - 1;
  }

  /**
   * Sets `key`. Both arrays are copied; `key` is also kept for the list of changes, so nobody writes to it.
   *
   * @returns the change; it names the row that it replaced.
   */
  put(key: Uint8Array, value: Uint8Array, lease: LeaseId): Change {
    invariant(this.#open, "a write transaction was used after its end");
    const { index, rows, slab } = this.#host;
    const { records } = index;
    const sub = this.#changes.length;
    const slot = index.put(key, this.revision, sub);
    const older = records.older(slot);
    const replaced = older !== 0 && !records.isTombstone(older);
    const createRevision = records.createRevision(slot);
    const version = records.version(slot);
    const row = encodeKeyValue(key, createRevision, this.revision, version, value, lease, slab);
    rows.put(revisionKey(this.revision, sub, false), row);
    const change: Change = {
      kind: "put",
      key,
      row,
      revision: this.revision,
      sub,
      createRevision,
      version,
      lease,
      prevRevision: replaced ? records.main(older) : 0,
      prevSub: replaced ? records.sub(older) : 0,
    };
    this.#changes.push(change);
    return change;
  }

  /**
   * Deletes the keys of a range, in their order.
   *
   * @param rangeEnd as in `RangeQuery`.
   * @returns one change per deleted key; they name the rows that were there.
   */
  deleteRange(key: Uint8Array, rangeEnd?: Uint8Array): readonly Change[] {
    invariant(this.#open, "a write transaction was used after its end");
    const first = this.#changes.length;
    const span = keySpan(key, rangeEnd);
    if (span.single) {
      const state = this.state(key);
      if (state !== undefined) this.#delete(key, state.modRevision, state.modSub);
      return this.#changes.slice(first);
    }
    const { index } = this.#host;
    // Deleting marks entries and leaves the tree's structure alone, so the walk goes on.
    const walk = new KeyWalk(index, span.from, span.to, this.revision);
    while (walk.next()) {
      const slot = walk.record;
      this.#delete(index.keyOf(slot), index.records.main(slot), index.records.sub(slot));
    }
    return this.#changes.slice(first);
  }

  #delete(key: Uint8Array, prevRevision: number, prevSub: number): void {
    const { index, rows } = this.#host;
    const sub = this.#changes.length;
    index.remove(key, this.revision, sub);
    const row = encodeTombstone(key);
    rows.put(revisionKey(this.revision, sub, true), row);
    this.#changes.push({
      kind: "delete",
      key,
      row,
      revision: this.revision,
      sub,
      createRevision: 0,
      version: 0,
      lease: noLease,
      prevRevision,
      prevSub,
    });
  }

  /** Reads a range with this transaction's changes; without a revision, at `readRevision`. */
  range(query: RangeQuery): RangeOutcome {
    return this.#host.rangeAt(query, this.readRevision);
  }

  /** Where a key stands now; undefined when it does not exist. */
  state(key: Uint8Array): KeyState | undefined {
    return stateOf(this.#host.index, this.#host.index.find(key));
  }

  /** Ends the transaction; returns its changes. The store's revision rises if there were any. */
  end(): readonly Change[] {
    invariant(this.#open, "a write transaction ended twice");
    this.#open = false;
    this.#host.commit(this.readRevision);
    return this.#changes;
  }
}

/** The newest state of a slot; undefined for slot 0 and for a tombstone. */
export function stateOf(index: KeyIndex, slot: number): KeyState | undefined {
  const { records } = index;
  if (slot === 0 || records.isTombstone(slot)) return undefined;
  return {
    createRevision: records.createRevision(slot),
    modRevision: records.main(slot),
    modSub: records.sub(slot),
    version: records.version(slot),
  };
}
