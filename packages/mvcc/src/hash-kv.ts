import { crc32cUpdate, emptyBytes, utf8Encode } from "@quorate/base";
import type { KeyIndex } from "./key-index.ts";
import { RowReader } from "./key-value.ts";
import { KeyWalk } from "./key-walk.ts";
import type { RowStore } from "./ports.ts";
import { checkRevisionKey, isTombstoneKey, mainOf, revisionBound, revisionKey, subOf } from "./revision.ts";

/** A hash over the rows that matter up to `revision`; comparable with one of the same two revisions only. */
export interface KvHash {
  readonly hash: number;
  readonly revision: number;
  /** −1 when nothing was ever compacted. */
  readonly compactRevision: number;
}

const seed: number = crc32cUpdate(0, utf8Encode("key"));

/**
 * Computes HashKV in steps: CRC-32C over bucket name, row keys and rows up to `revision`. Rows at or below
 * `compactRevision` count only if they are what is visible at `revision`, so that it does not matter how far the
 * deletion of compacted rows has come. The store may change between steps, except by a further compaction.
 *
 * When nothing is visible at `revision`, etcd counts whatever a finished compaction left; so do we.
 */
export class HashJob {
  readonly revision: number;
  readonly compactRevision: number;
  readonly #index: KeyIndex;
  readonly #rows: RowStore;
  readonly #reader: RowReader = new RowReader();
  readonly #to: Uint8Array;
  readonly #onClose: (() => void) | undefined;
  /** Looks for one visible key; undefined once that is decided. */
  #walk: KeyWalk | undefined;
  /** What rows at or below the compact revision are looked up at. */
  #keepAt: number;
  #from: Uint8Array = emptyBytes;
  #hash = seed;
  #result: KvHash | undefined;
  #closed = false;

  /** @param onClose called once, when the rows are needed no longer. */
  constructor(index: KeyIndex, rows: RowStore, revision: number, compactRevision: number, onClose?: () => void) {
    this.#index = index;
    this.#rows = rows;
    this.revision = revision;
    this.compactRevision = compactRevision;
    this.#to = revisionBound(Math.max(0, revision + 1));
    this.#onClose = onClose;
    this.#keepAt = revision;
    this.#walk = new KeyWalk(index, emptyBytes, undefined, revision);
  }

  /** A job that is done. */
  static known(hash: KvHash, index: KeyIndex, rows: RowStore): HashJob {
    const job = new HashJob(index, rows, hash.revision, hash.compactRevision);
    job.#result = hash;
    job.#closed = true;
    return job;
  }

  /** Looks at about `rowsMax` rows; returns the hash when it is complete, then and at every later call. */
  step(rowsMax: number): KvHash | undefined {
    if (this.#closed) return this.#result;
    if (this.#walk !== undefined) {
      this.#walk.left = rowsMax;
      if (!this.#walk.next()) {
        if (!this.#walk.ended) {
          this.#walk.pause();
          return undefined;
        }
        this.#keepAt = this.compactRevision;
      }
      this.#walk = undefined;
    }
    let main = 0;
    let sub = 0;
    const visited = this.#rows.range(
      this.#from,
      this.#to,
      (key, row) => {
        checkRevisionKey(key);
        main = mainOf(key);
        sub = subOf(key);
        if (this.#counts(main, sub, isTombstoneKey(key), row)) {
          this.#hash = crc32cUpdate(crc32cUpdate(this.#hash, key), row);
        }
        return true;
      },
      rowsMax,
    );
    if (visited >= rowsMax) {
      this.#from = revisionKey(main, sub + 1, false);
      return undefined;
    }
    this.#result = { hash: this.#hash, revision: this.revision, compactRevision: this.compactRevision };
    this.close();
    return this.#result;
  }

  /** Gives up, or lets go after the end. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose?.();
  }

  #counts(main: number, sub: number, tombstone: boolean, row: Uint8Array): boolean {
    if (main > this.compactRevision) return true;
    if (tombstone) return false;
    this.#reader.read(row);
    const index = this.#index;
    const slot = index.find(row.subarray(this.#reader.keyStart, this.#reader.keyEnd));
    const visible = slot === 0 ? 0 : index.at(slot, this.#keepAt);
    return visible !== 0 && index.records.main(visible) === main && index.records.sub(visible) === sub;
  }
}

/** The hashes that compactions took before they deleted, newest revisions only. */
export class HashCache {
  readonly #max = 10;
  readonly #hashes: KvHash[] = [];

  add(hash: KvHash): void {
    this.#hashes.push(hash);
    this.#hashes.sort((a, b) => b.revision - a.revision);
    this.#hashes.length = Math.min(this.#hashes.length, this.#max);
  }

  at(revision: number): KvHash | undefined {
    return this.#hashes.find((hash) => hash.revision === revision);
  }

  /** Newest first. */
  get all(): readonly KvHash[] {
    return this.#hashes;
  }
}
