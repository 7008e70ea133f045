import type { Clock, Disk } from "@quorate/base";
import { Batch, type BatchHost, type JournalEntry } from "./batch.ts";
import type { Bucket, BucketRegistry } from "./bucket.ts";
import { pageSizeOf } from "./format.ts";
import { openLocked } from "./lock.ts";
import { findFreePages } from "./reach.ts";
import { createFile, levelMetas, readMeta } from "./meta.ts";
import { Store } from "./store.ts";
import type { BackendOptions, Reader } from "./types.ts";

/** How much is copied in one turn of the loop, and how much goes into one transaction of the new file. */
const rowsPerTurn = 1000;
const bytesPerTurn = 1024 * 1024;
const rowsPerCommit = 10_000;
const bytesPerCommit = 8 * 1024 * 1024;

/** A batch over a file that nobody else sees yet: commits when told to, and does not sync. */
export class FileBuilder {
  readonly store: Store;
  readonly #batch: Batch;
  readonly #clock: Clock;
  readonly #check: () => void;
  #turnRows = 0;
  #turnBytes = 0;

  /** @param check called in every turn; throws to give up. */
  constructor(store: Store, registry: BucketRegistry, clock: Clock, check: () => void) {
    const host: BatchHost = {
      readOnly: false,
      batchLimit: Number.POSITIVE_INFINITY,
      batchBytesMax: Number.POSITIVE_INFINITY,
      changedBytesMax: Number.POSITIVE_INFINITY,
      onPending: () => undefined,
      onReadClosed: () => undefined,
    };
    this.store = store;
    this.#batch = new Batch(store, registry, host);
    this.#clock = clock;
    this.#check = check;
  }

  /** Copies all buckets inside `parent` with what is in them, in order. */
  async copy(from: Reader, parent?: Bucket): Promise<void> {
    const buckets: Bucket[] = [];
    from.forEachBucket((_name, bucket) => buckets.push(bucket), parent);
    for (const bucket of buckets) {
      this.#batch.createBucket(bucket.name, parent);
      const cursor = from.cursor(bucket);
      for (let there = cursor.first(); there; there = cursor.next()) {
        this.#batch.put(bucket, cursor.key, cursor.value);
        if (this.#isTurnOver(cursor.key.length + cursor.value.length)) await this.#turn();
      }
      await this.copy(from, bucket);
    }
  }

  /** Repeats changes that were made to the original meanwhile, until none is left. */
  async replay(journal: JournalEntry[]): Promise<void> {
    for (let at = 0; at < journal.length; at++) {
      const entry = journal[at] as JournalEntry;
      applyEntry(this.#batch, entry);
      if (this.#isTurnOver(entry.key.length + entry.value.length)) await this.#turn();
    }
    journal.length = 0;
  }

  /** Repeats the last changes and makes the file durable; what is changed from this call on is not in it. */
  async finish(journal: JournalEntry[]): Promise<void> {
    for (const entry of journal) applyEntry(this.#batch, entry);
    journal.length = 0;
    await this.commit();
    const { file, meta } = this.store;
    await levelMetas(file, meta, false);
    await file.sync();
  }

  /** Writes what is pending; nothing is synced. */
  async commit(): Promise<void> {
    if (this.#batch.pending === 0) return;
    this.#batch.seal();
    await this.store.publish(false);
  }

  #isTurnOver(bytes: number): boolean {
    this.#turnRows += 1;
    this.#turnBytes += bytes;
    return this.#turnRows >= rowsPerTurn || this.#turnBytes >= bytesPerTurn;
  }

  async #turn(): Promise<void> {
    this.#turnRows = 0;
    this.#turnBytes = 0;
    if (this.#batch.pending >= rowsPerCommit || this.#batch.pendingBytes >= bytesPerCommit) await this.commit();
    await new Promise<void>((resolve) => this.#clock.nextTurn(resolve));
    this.#check();
  }
}

/** Repeats a change in another batch of the same registry. */
export function applyEntry(batch: Batch, entry: JournalEntry): void {
  const { bucket, key, value } = entry;
  switch (entry.kind) {
    case "put":
      batch.put(bucket, key, value);
      return;
    case "delete":
      batch.delete(bucket, key);
      return;
    case "createBucket":
      batch.createBucket(bucket.name, bucket.parent);
      return;
    case "deleteBucket":
      batch.deleteBucket(bucket.name, bucket.parent);
      return;
  }
}

/** Makes an empty database to copy to, in the place of a file that an earlier attempt left. */
export async function createStore(disk: Disk, path: string, options: BackendOptions): Promise<Store> {
  disk.remove(path);
  await createFile(disk, path, pageSizeOf(options.initialPageSize));
  const { file, lock } = await openLocked(disk, path, options);
  const store = new Store(file, readMeta(file), { pageCacheBytesMax: options.pageCacheBytesMax, growBytes: 0 });
  store.lock = lock;
  await findFreePages(store, options.clock);
  return store;
}
