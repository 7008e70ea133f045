import type { Clock, Logger } from "@quorate/base";
import type { Bucket } from "./bucket.ts";

/** How a backend is opened. */
export interface BackendOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bytes of pages kept in memory, beside what the open batch and readers hold. */
  readonly pageCacheBytesMax: number;
  /** A batch is committed this long after its first change; 100 in etcd. */
  readonly batchIntervalMs: number;
  /** A batch is committed when it holds this many changes; 10,000 in etcd. */
  readonly batchLimit: number;
  /** A batch is committed when what it put and the pages it changed reach this size together; 8 MiB unless given. */
  readonly batchBytesMax?: number;
  /** Page size of a file that is created; 4,096 unless given. A power of two, 1,024 to 65,536. */
  readonly initialPageSize?: number;
  /** By how much the file grows beyond what is needed; 16 MiB unless given, as etcd does. */
  readonly growBytes?: number;
  /** Skips all syncs. Only for files that nobody needs after a crash. */
  readonly noSync?: boolean;
  /** Opens without lock and without the walk for free pages; every write throws. The file must exist. */
  readonly readOnly?: boolean;
  /** How long to wait for a lock that another process holds; 0, not at all, unless given. */
  readonly lockWaitMs?: number;
}

/** Sees one row. Both byte strings may be kept; nobody writes to them. Returns false to stop. */
export type RowVisitor = (key: Uint8Array, value: Uint8Array) => boolean | undefined | void;

/**
 * Reads one view of the database. What it returns aliases memory of pages, or what the writer put: it never changes
 * and may be kept after the view is gone, but keeps up to 64 KiB alive; copy small things that stay long.
 *
 * A bucket that does not exist in this view makes every call but `bucket` throw.
 */
export interface Reader {
  /** Returns the handle of a bucket, undefined when it does not exist in this view. */
  bucket(name: Uint8Array, parent?: Bucket): Bucket | undefined;
  /** Returns the value of `key`; undefined when there is none, or when it is a nested bucket. */
  get(bucket: Bucket | Uint8Array, key: Uint8Array): Uint8Array | undefined;
  /**
   * Visits rows with `key` <= row < `end` in order, nested buckets left out.
   *
   * @param end undefined: to the end of the bucket.
   * @param visit must not write to the batch.
   * @returns how many rows were visited.
   */
  range(
    bucket: Bucket | Uint8Array,
    key: Uint8Array,
    end: Uint8Array | undefined,
    visit: RowVisitor,
    limit?: number,
  ): number;
  /** Counts rows with `from` <= row < `to`, nested buckets left out; reads every page in between. */
  count(bucket: Bucket | Uint8Array, from?: Uint8Array, to?: Uint8Array): number;
  /** Returns a cursor that stands nowhere. A cursor on the batch is void after the next write or commit. */
  cursor(bucket: Bucket | Uint8Array): Cursor;
  /** Visits the buckets inside `parent` (the top-level ones unless given) in order of names. */
  forEachBucket(visit: (name: Uint8Array, bucket: Bucket) => void, parent?: Bucket): void;
}

/** A place in a bucket. Every move tells whether there is a row; where there is none, `key` and `value` throw. */
export interface Cursor {
  first(): boolean;
  last(): boolean;
  /** Moves to the first row with a key >= `key`. */
  seek(key: Uint8Array): boolean;
  next(): boolean;
  prev(): boolean;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A view that stays as it was when it was made, until `close`. */
export interface ReadTx extends Reader {
  /** Lets go of the pages; using the view afterwards throws. Idempotent. */
  close(): void;
}

/**
 * The one write transaction. What belongs together is written within one turn of the event loop: commits that the
 * backend starts by itself happen between turns.
 *
 * Keys and values are kept, not copied: nobody may write to them any more.
 */
export interface BatchTx extends Reader {
  /** Creates a bucket; one that exists is left alone. */
  createBucket(name: Uint8Array, parent?: Bucket): Bucket;
  /** Removes a bucket with all it holds; throws when there is none. */
  deleteBucket(name: Uint8Array, parent?: Bucket): void;
  /** @param key 1 to 32,768 bytes. */
  put(bucket: Bucket | Uint8Array, key: Uint8Array, value: Uint8Array): void;
  /**
   * Gives zeros for a value that is to be put with a key of `keyBytes`. Other memory does as well; a large value from here is spared a copy.
   */
  room(keyBytes: number, valueBytes: number): Uint8Array;
  /** @returns whether there was such a row. */
  delete(bucket: Bucket | Uint8Array, key: Uint8Array): boolean;
  /**
   * Removes the rows of the first of `keys`, as many as a bounded piece of work allows, one at least. Rows that are not
   * there are no error.
   *
   * @param keys in ascending order.
   * @returns how many of them were dealt with.
   */
  deleteSome(bucket: Bucket | Uint8Array, keys: readonly Uint8Array[]): number;
  /** Changes since the last commit began. */
  readonly pending: number;
  /** Bytes of keys and values in them. */
  readonly pendingBytes: number;
}
