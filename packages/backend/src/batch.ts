import { invariant, toHex } from "@quorate/base";
import { Bucket, type BucketRegistry, BucketState, missing, noSequence } from "./bucket.ts";
import { bucketElement, keyBytesMax, valueBytesMax } from "./format.ts";
import { TreeNode } from "./node.ts";
import { emptyBucketRecord, writeBucket } from "./spill.ts";
import type { Store } from "./store.ts";
import { TreeWriter } from "./tree-writer.ts";
import type { BatchTx } from "./types.ts";
import { type ReadOwner, ReadView, View } from "./view.ts";

/** A change, kept while a defragmentation copies the database as it was before. */
export interface JournalEntry {
  readonly kind: "put" | "delete" | "createBucket" | "deleteBucket";
  readonly bucket: Bucket;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Who wants to know how large the batch is. */
export interface BatchHost extends ReadOwner {
  readonly batchLimit: number;
  readonly batchBytesMax: number;
  /** Bytes of pages that the batch changes; scattered ones cost a commit more time than what is put. */
  readonly changedBytesMax: number;
  readonly readOnly: boolean;
  /** Called at the first change, and once when the batch passed a limit; must not commit at once. */
  onPending(full: boolean): void;
}

const noBytes = new Uint8Array(0);
/** One call of `deleteSome` looks at pages of this size together, and one more. */
const deletedBytesMax = 256 * 1024;

/** The open write transaction: trees whose changed parts are nodes in memory, over the newest tree written. */
export class Batch extends View implements BatchTx {
  pending = 0;
  pendingBytes = 0;
  /** Where changes are noted, while somebody wants them. */
  journal: JournalEntry[] | undefined;
  readonly #host: BatchHost;
  readonly #writer: TreeWriter;
  #statesGeneration = 0;
  #full = false;

  constructor(store: Store, registry: BucketRegistry, host: BatchHost) {
    super(store, registry, rootStates(store));
    this.#host = host;
    this.#writer = new TreeWriter(store);
  }

  createBucket(name: Uint8Array, parent: Bucket = this.registry.root): Bucket {
    const bucket = this.registry.handle(name, parent);
    if (this.state(bucket).exists) return bucket;
    invariant(name.length > 0 && name.length <= keyBytesMax, "bucket name is empty or too long");
    this.#insert(parent, bucket.name, emptyBucketRecord, bucketElement);
    const generation = this.#writer.generation;
    this.#setState(bucket, new BucketState(true, TreeNode.emptyLeaf(generation), generation, noSequence, true));
    this.journal?.push({ kind: "createBucket", bucket, key: noBytes, value: noBytes });
    this.#onChange(name.length);
    return bucket;
  }

  deleteBucket(name: Uint8Array, parent: Bucket = this.registry.root): void {
    const bucket = this.registry.handle(name, parent);
    this.#dropTree(bucket);
    this.#remove(parent, bucket.name);
    this.journal?.push({ kind: "deleteBucket", bucket, key: noBytes, value: noBytes });
    this.#onChange(name.length);
  }

  put(target: Bucket | Uint8Array, key: Uint8Array, value: Uint8Array): void {
    const bucket = target instanceof Bucket ? target : this.registry.handle(target);
    invariant(key.length > 0 && key.length <= keyBytesMax, "key is empty or too long", () => ({ length: key.length }));
    invariant(value.length <= valueBytesMax, "value is too long", () => ({ length: value.length }));
    this.#insert(bucket, key, value, 0);
    if (this.journal !== undefined) this.journal.push({ kind: "put", bucket, key, value });
    this.#onChange(key.length + value.length);
  }

  room(keyBytes: number, valueBytes: number): Uint8Array {
    return this.store.rooms.give(keyBytes, valueBytes);
  }

  delete(target: Bucket | Uint8Array, key: Uint8Array): boolean {
    const bucket = target instanceof Bucket ? target : this.registry.handle(target);
    if (this.get(bucket, key) === undefined) return false;
    this.#remove(bucket, key);
    if (this.journal !== undefined) this.journal.push({ kind: "delete", bucket, key, value: noBytes });
    this.#onChange(key.length);
    return true;
  }

  deleteSome(target: Bucket | Uint8Array, keys: readonly Uint8Array[]): number {
    const bucket = target instanceof Bucket ? target : this.registry.handle(target);
    let looked = 0;
    let next = 0;
    while (next < keys.length && looked < deletedBytesMax) {
      const from = next;
      const state = this.#own(bucket);
      const run = this.#writer.removeRun(state.root as TreeNode, keys, from);
      state.root = run.root;
      next = run.next;
      looked += run.bytes;
      if (run.removed === 0) continue;
      if (this.journal !== undefined) {
        for (let i = from; i < next; i++) {
          this.journal.push({ kind: "delete", bucket, key: keys[i] as Uint8Array, value: noBytes });
        }
      }
      this.#onChange(run.removed * (keys[from] as Uint8Array).length, run.removed);
    }
    return next;
  }

  /** Gives a view of everything written so far; from here on changes go to copies of what it sees. */
  read(): ReadView {
    this.#writer.generation += 1;
    const store = this.store;
    return new ReadView(store, this.registry, this.states, store.pin(), this.#host);
  }

  /** Composes all changes as the newest tree, and begins anew on top of it. Nothing is written yet: `Store.publish` does. */
  seal(): void {
    const store = this.store;
    store.beginWrites();
    const buckets = this.registry.all;
    const next: (BucketState | undefined)[] = buckets.map(() => undefined);
    // Children have higher ids than their parents.
    for (let id = buckets.length - 1; id > 0; id--) {
      const state = this.states[id];
      if (state?.changed !== true) {
        next[id] = state;
        continue;
      }
      const bucket = buckets[id] as Bucket;
      const written = writeBucket(store, state);
      next[id] = new BucketState(true, written.root, 0, state, false);
      this.#insert(bucket.parent as Bucket, bucket.name, written.record, bucketElement);
    }
    const root = this.states[0] as BucketState;
    const page = typeof root.root === "number" ? root.root : writeBucket(store, root, false).root;
    invariant(typeof page === "number", "the root bucket has a page");
    next[0] = new BucketState(true, page, 0, root, false);
    store.setTree(page, store.meta.rootSequence);
    this.#begin(next);
  }

  /** Goes on over another store that holds the same rows; nothing may be pending. */
  adopt(store: Store): void {
    this.store = store;
    this.#writer.store = store;
    this.#begin(rootStates(store));
  }

  #begin(states: (BucketState | undefined)[]): void {
    this.states = states;
    this.#writer.generation += 1;
    this.#statesGeneration = this.#writer.generation;
    this.version += 1;
    this.pending = 0;
    this.pendingBytes = 0;
    this.#writer.ownedBytes = 0;
    this.#full = false;
  }

  #onChange(bytes: number, changes = 1): void {
    this.version += 1;
    if (this.pending === 0) this.#host.onPending(false);
    this.pending += changes;
    this.pendingBytes += bytes;
    if (this.#full || !this.#passes(1)) return;
    this.#full = true;
    this.#host.onPending(true);
  }

  /** The batch passed a limit: it waits for its commit. */
  get isFull(): boolean {
    return this.#full;
  }

  /** The batch passed a limit twice over: whoever can wait for its commit should. */
  get isOverfull(): boolean {
    return this.#full && this.#passes(2);
  }

  #passes(times: number): boolean {
    const { batchLimit, batchBytesMax, changedBytesMax } = this.#host;
    const { ownedBytes } = this.#writer;
    return (
      this.pending >= times * batchLimit ||
      this.pendingBytes + ownedBytes >= times * batchBytesMax ||
      ownedBytes >= times * changedBytesMax
    );
  }

  #insert(bucket: Bucket, key: Uint8Array, value: Uint8Array, flags: number): void {
    const state = this.#own(bucket);
    state.root = this.#writer.insert(state.root as TreeNode, key, value, flags);
  }

  #remove(bucket: Bucket, key: Uint8Array): void {
    const state = this.#own(bucket);
    state.root = this.#writer.remove(state.root as TreeNode, key);
    // What is left may be a page as it was: the state is still changed, and the next write owns it again.
  }

  /** The state of a bucket that exists, with a root node that this generation may write to. */
  #own(bucket: Bucket): BucketState {
    const state = this.states[bucket.id] ?? this.state(bucket);
    const generation = this.#writer.generation;
    const root = state.root;
    if (state.generation === generation && root instanceof TreeNode && root.generation === generation) return state;
    invariant(state.exists, "bucket does not exist", () => ({ bucket: toHex(bucket.name) }));
    invariant(!this.#host.readOnly, "the database is open for reading only");
    const owned = new BucketState(true, this.#writer.own(root), generation, state, true);
    this.#setState(bucket, owned);
    return owned;
  }

  #setState(bucket: Bucket, state: BucketState): void {
    if (this.#statesGeneration !== this.#writer.generation) {
      this.states = this.states.slice();
      this.#statesGeneration = this.#writer.generation;
    }
    while (this.states.length <= bucket.id) this.states.push(undefined);
    this.states[bucket.id] = state;
  }

  #dropTree(bucket: Bucket): void {
    const state = this.state(bucket);
    invariant(state.exists, "bucket does not exist", () => ({ bucket: toHex(bucket.name) }));
    const nested: Bucket[] = [];
    this.forEachBucket((_name, inner) => nested.push(inner), bucket);
    for (const inner of nested) this.#dropTree(inner);
    this.#writer.free(state.root);
    this.#setState(bucket, missing);
  }
}

function rootStates(store: Store): (BucketState | undefined)[] {
  return [new BucketState(true, store.meta.root, 0, noSequence, false)];
}
