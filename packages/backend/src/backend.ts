import { AbortError, type Disk, InvariantError, invariant, type Signal } from "@quorate/base";
import { Batch, type BatchHost, type JournalEntry } from "./batch.ts";
import { type Bucket, BucketRegistry } from "./bucket.ts";
import { CommitPipeline } from "./commit-pipeline.ts";
import { applyEntry, createStore, FileBuilder } from "./defragment.ts";
import { pageSizeOf } from "./format.ts";
import { openLocked } from "./lock.ts";
import { findFreePages } from "./reach.ts";
import { type BackendSnapshot, StoreSnapshot } from "./snapshot.ts";
import { createFile, levelMetas, parentOf, readMeta } from "./meta.ts";
import { Store } from "./store.ts";
import type { BackendOptions, BatchTx, ReadTx } from "./types.ts";

const mebibyte = 1024 * 1024;
/** A batch that changes pages of this size together is committed: to compose them takes the loop some milliseconds. */
const changedBytesMax = mebibyte;
/** A defragmentation gives up when this many changes were made meanwhile. */
const journalEntriesMax = 1_000_000;

/**
 * etcd's database: one file in bbolt's format, one open batch of writes, any number of readers.
 *
 * Commits are pipelined: while one is written and synced, the next batch builds in memory; there is never more than
 * one under way. A commit that fails is fatal, since nobody can know what the file holds: the backend stays failed.
 */
export class Backend {
  /** Called before each batch is written, so that what it puts travels in the same transaction. */
  onBeforeCommit: ((tx: BatchTx) => void) | undefined;
  /** Called when a commit is durable, with the time that writing and syncing it took. */
  onCommitted: ((ms: number) => void) | undefined;
  /** Called once when a commit failed, whoever asked for it. */
  onFailure: ((error: unknown) => void) | undefined;
  readonly batch: BatchTx;
  readonly path: string;
  readonly #batch: Batch;
  readonly #disk: Disk;
  readonly #options: BackendOptions;
  readonly #registry: BucketRegistry = new BucketRegistry();
  readonly #commits: CommitPipeline;
  readonly #growBytes: number;
  #store: Store;
  #closed: Promise<void> | undefined;
  /** The file is closed. */
  #gone = false;
  #defragmenting: Promise<void> | undefined;
  /** Files that were replaced but are still read. */
  readonly #retired: Store[] = [];

  private constructor(disk: Disk, path: string, options: BackendOptions, store: Store) {
    this.path = path;
    this.#disk = disk;
    this.#options = options;
    this.#growBytes = options.growBytes ?? 16 * mebibyte;
    this.#store = store;
    this.#batch = new Batch(store, this.#registry, this.#makeHost());
    this.batch = this.#batch;
    this.#commits = new CommitPipeline(this, this.#batch, options);
  }

  /**
   * Opens the database, takes its lock, and finds its free pages; a missing or empty file is created.
   *
   * @throws CorruptError naming the file when neither meta page is valid, or a page is damaged.
   * @throws BackendLockedError when another process has the file.
   */
  static async open(disk: Disk, path: string, options: BackendOptions): Promise<Backend> {
    const readOnly = options.readOnly === true;
    const info = disk.info(path);
    const isNew = !readOnly && (info === undefined || (info.kind === "file" && info.size === 0));
    if (isNew) {
      await createFile(disk, path, pageSizeOf(options.initialPageSize));
    }
    const { file, lock } = readOnly
      ? { file: disk.open(path, "read"), lock: undefined }
      : await openLocked(disk, path, options);
    try {
      // What a killed process wrote or renamed but did not sync must not be built upon before it is durable.
      if (!readOnly && !isNew && options.noSync !== true) {
        await Promise.all([file.sync(), disk.syncDirectory(parentOf(path))]);
      }
      const store = new Store(file, readMeta(file), {
        pageCacheBytesMax: options.pageCacheBytesMax,
        growBytes: options.growBytes ?? 16 * mebibyte,
      });
      store.lock = lock;
      if (!readOnly) {
        await findFreePages(store, options.clock);
        await levelMetas(file, store.meta, options.noSync !== true);
      }
      return new Backend(disk, path, options, store);
    } catch (error) {
      lock?.release();
      file.close();
      throw error;
    }
  }

  /** The handle of a bucket, whether it exists or not. */
  bucket(name: Uint8Array, parent?: Bucket): Bucket {
    return this.#registry.handle(name, parent);
  }

  /**
   * Gives a view of everything written so far, committed or not, that later writes leave alone. Close it.
   *
   * @throws after a failed commit what it failed with, as do snapshots and defragmentations.
   */
  read(): ReadTx {
    this.#checkOpen();
    return this.#batch.read();
  }

  /**
   * Commits what is pending.
   *
   * @returns resolves when everything written before this call is durable.
   */
  commit(): Promise<void> {
    if (this.#gone && this.#commits.failure === undefined) {
      return Promise.reject(new InvariantError("the backend is closed"));
    }
    return this.#commits.commit();
  }

  /**
   * The batch passed a limit and waits for the commit before it: work that can wait should, since a commit takes as
   * long as its batch is large.
   */
  get isFull(): boolean {
    return this.#batch.isFull;
  }

  /** The batch passed a limit twice over: nobody should write to it before `onCommitted` was called. */
  get isOverfull(): boolean {
    return this.#batch.isOverfull;
  }

  /** Bytes up to the high water mark; what quotas and status speak of. */
  size(): number {
    return this.#store.meta.highWaterMark * this.#store.pageSize;
  }

  /** Bytes of pages that the newest tree written or an open reader needs. */
  sizeInUse(): number {
    return this.size() - this.#store.unusedPages() * this.#store.pageSize;
  }

  /** Read transactions and snapshots that are open. */
  openReads(): number {
    let open = this.#store.pinned;
    for (const store of this.#retired) open += store.pinned;
    return open;
  }

  /** Opens a copy of what is durable; commit first to have everything in it. Close it. */
  snapshot(): BackendSnapshot {
    this.#checkOpen();
    return new StoreSnapshot(this.#store, (store) => this.#onReadClosed(store));
  }

  /**
   * Writes the database anew without free pages and puts the new file in the place of the old one. Reads and writes go
   * on meanwhile; commits wait for the last step. Open read transactions keep the old file alive until they close.
   *
   * @throws AbortError when the signal fires or the backend is closed or takes no more writes, an error when a million
   *   changes were made meanwhile; then, as after any failure, all is as before.
   */
  defragment(options: { readonly signal?: Signal } = {}): Promise<void> {
    this.#checkOpen();
    invariant(this.#defragmenting === undefined, "a defragmentation is under way");
    if (this.#commits.ended) return Promise.reject(new AbortError("the database is being closed or replaced"));
    const done = this.#defragment(options.signal).finally(() => {
      this.#defragmenting = undefined;
    });
    this.#defragmenting = done;
    return done;
  }

  async #defragment(signal: Signal | undefined): Promise<void> {
    const temporary = `${this.path}.tmp.defragment`;
    // One turn: what the view does not show is in the journal.
    const view = this.#batch.read();
    const journal: JournalEntry[] = [];
    this.#batch.journal = journal;
    let store: Store | undefined;
    try {
      store = await createStore(this.#disk, temporary, this.#options);
      const builder = new FileBuilder(store, this.#registry, this.#options.clock, () => {
        if (this.#closed !== undefined || this.#commits.ended || signal?.aborted === true) {
          throw new AbortError("the defragmentation was aborted");
        }
        if (journal.length > journalEntriesMax) {
          throw new Error(`${this.path}: too much was written while the database was defragmented`);
        }
      });
      await builder.copy(view);
      await builder.replay(journal);
      // From here on nothing may become durable in the old file that is not in the new one.
      await this.#commits.hold();
      this.onBeforeCommit?.(this.#batch);
      await builder.finish(journal);
      this.#disk.rename(temporary, this.path);
    } catch (error) {
      this.#batch.journal = undefined;
      store?.close();
      this.#disk.remove(temporary);
      throw error;
    } finally {
      view.close();
      if (this.#batch.journal === undefined) this.#commits.letGo();
    }
    try {
      await this.#disk.syncDirectory(parentOf(this.path));
    } catch (error) {
      // Nobody knows which of the two files the name means after a crash.
      throw this.#commits.fail(error);
    } finally {
      this.#switchTo(store, journal);
      this.#commits.letGo();
    }
  }

  /** Goes on with `store`, which holds all but the changes in `journal`. */
  #switchTo(store: Store, journal: readonly JournalEntry[]): void {
    this.#commits.cancelTimer();
    const old = this.#store;
    store.path = this.path;
    store.growBytes = this.#growBytes;
    this.#store = store;
    this.#batch.journal = undefined;
    this.#batch.adopt(store);
    for (const entry of journal) applyEntry(this.#batch, entry);
    this.#retired.push(old);
    this.#onReadClosed(old);
  }

  #onReadClosed(store: Store): void {
    if (store === this.#store || store.pinned > 0) return;
    const at = this.#retired.indexOf(store);
    if (at < 0) return;
    this.#retired.splice(at, 1);
    store.close();
  }

  /**
   * Gives up what is not being committed yet, for another file is to take the name; a defragmentation is aborted.
   * Resolves when nothing is written any more. Reads go on until `close`.
   */
  async endWrites(): Promise<void> {
    this.#commits.end();
    await this.#defragmenting?.catch(() => undefined);
    await this.#commits.settle();
  }

  /**
   * Commits what is pending and lets go of the file. Idempotent.
   *
   * @param reason what reads that are under way fail with as soon as they need a page that is not in memory.
   */
  close(reason?: Error): Promise<void> {
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  async #close(reason: Error | undefined): Promise<void> {
    this.#commits.waitToBeAsked();
    await this.#defragmenting?.catch(() => undefined);
    const commits = this.#commits.failure === undefined && !this.#commits.ended && this.#options.readOnly !== true;
    try {
      if (commits) await this.commit();
      else await this.#commits.settle();
    } finally {
      this.#commits.cancelTimer();
      this.#gone = true;
      this.#store.close(reason);
      for (const store of this.#retired) store.close(reason);
    }
  }

  #checkOpen(): void {
    // After a failed sync the file may hold something else than what was written.
    if (this.#commits.failure !== undefined) throw this.#commits.failure.error;
    invariant(this.#closed === undefined, "the backend is closed");
  }

  #makeHost(): BatchHost {
    return {
      readOnly: this.#options.readOnly === true,
      batchLimit: this.#options.batchLimit,
      batchBytesMax: this.#options.batchBytesMax ?? mebibyte,
      changedBytesMax: Math.min(changedBytesMax, this.#options.batchBytesMax ?? changedBytesMax),
      onPending: (full) => this.#commits.onPending(full),
      onReadClosed: (store) => this.#onReadClosed(store),
    };
  }
}
