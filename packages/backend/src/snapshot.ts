import { CorruptError, invariant } from "@quorate/base";
import { encodeMeta } from "./format.ts";
import type { Pin, Store } from "./store.ts";

/** A consistent copy of the durable state: a database file of its own, however long the reading takes. */
export interface BackendSnapshot {
  /** Bytes of the whole copy. */
  readonly size: number;
  /** The transaction that it shows. */
  readonly txid: number;
  /**
   * Reads the copy from its beginning, piece by piece, each when asked for.
   *
   * @param maxBytes of a piece; whole pages are read, so at least one page.
   */
  chunks(maxBytes: number): Iterable<Uint8Array>;
  /** Lets go of the pages. Idempotent. */
  close(): void;
}

/** Copies the durable tree of a store as bbolt does: both metas of one transaction, then all pages as they are. */
export class StoreSnapshot implements BackendSnapshot {
  readonly size: number;
  readonly txid: number;
  readonly #store: Store;
  readonly #head: Uint8Array;
  readonly #onClose: (store: Store) => void;
  #pin: Pin | undefined;

  constructor(store: Store, onClose: (store: Store) => void) {
    const meta = store.durable;
    this.#store = store;
    this.#onClose = onClose;
    this.#pin = store.pin(meta.txid);
    this.size = meta.highWaterMark * meta.pageSize;
    this.txid = meta.txid;
    // The first page carries the higher transaction whatever its parity.
    this.#head = new Uint8Array(2 * meta.pageSize);
    this.#head.set(encodeMeta(meta, 0));
    this.#head.set(encodeMeta({ ...meta, txid: Math.max(0, meta.txid - 1) }, 1), meta.pageSize);
  }

  *chunks(maxBytes: number): Generator<Uint8Array, void, undefined> {
    const store = this.#store;
    const piece = Math.max(1, Math.floor(maxBytes / store.pageSize)) * store.pageSize;
    for (let at = 0; at < this.size; at += piece) {
      invariant(this.#pin !== undefined, "the snapshot is closed");
      const chunk = new Uint8Array(Math.min(piece, this.size - at));
      const there = store.readAt(chunk, at);
      if (there < chunk.length) throw new CorruptError(store.path, `the file ends at ${at + there}`);
      if (at < this.#head.length) chunk.set(this.#head.subarray(at, at + chunk.length));
      yield chunk;
    }
  }

  close(): void {
    if (this.#pin === undefined) return;
    this.#store.unpin(this.#pin);
    this.#pin = undefined;
    this.#onClose(this.#store);
  }
}
