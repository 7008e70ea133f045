/**
 * What the store asks of the backend below it: an ordered map from revision keys to encoded rows, and a few named
 * values beside it. Both write into the backend's current batch, so that rows, compaction marks and the caller's
 * consistent index become durable together. The suite in `conformance` says precisely what an implementation owes.
 */

/**
 * Receives one row of a scan.
 *
 * @param key valid during the call only; the store may reuse its memory.
 * @param value never changes afterwards and may be kept.
 * @returns false to end the scan after this row.
 */
export type RowVisitor = (key: Uint8Array, value: Uint8Array) => boolean;

/** The rows of bucket `key`, ordered by unsigned bytes. Reads see every earlier write, committed or not. */
export interface RowStore {
  /** Sets a row. The store keeps both arrays, so the caller never writes to them again. */
  put(key: Uint8Array, value: Uint8Array): void;
  /**
   * Gives zeros for a row that is to be put with a key of `keyBytes`. Rows may lie in other memory too; a store may have memory
   * that spares it a copy of a large one.
   */
  room(keyBytes: number, valueBytes: number): Uint8Array;
  /** Removes a row; one that is not there is not an error. */
  delete(key: Uint8Array): void;
  /**
   * Removes the rows of the first of `keys`, as many as a bounded piece of work allows, one at least.
   *
   * @param keys in ascending order; rows that are not there are not an error.
   * @returns how many of them were dealt with.
   */
  deleteSome(keys: readonly Uint8Array[]): number;
  /**
   * @param key read during the call only.
   * @returns bytes that never change afterwards (perhaps a view of a larger page), or undefined.
   */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * Visits the rows with `from <= key < to` in order, `limit` of them at most. The visitor does not change the store.
   *
   * @returns how many rows were visited.
   */
  range(from: Uint8Array, to: Uint8Array, visit: RowVisitor, limit: number): number;
}

/** Named values in bucket `meta`; same batch and same rules of ownership as `RowStore`. */
export interface MetaStore {
  get(name: Uint8Array): Uint8Array | undefined;
  put(name: Uint8Array, value: Uint8Array): void;
}
