import { compareBytes, invariant, toHex } from "@quorate/base";
import { Bucket, type BucketRegistry, BucketState, missing } from "./bucket.ts";
import { TreeCursor } from "./cursor.ts";
import type { TreeNode } from "./node.ts";
import { decodeBucket, type Page } from "./page.ts";
import { countRows, RowScan } from "./scan.ts";
import type { Pin, Store } from "./store.ts";
import type { Cursor, Reader, ReadTx, RowVisitor } from "./types.ts";

/** Reads the trees that `states` names; the batch and the read transactions share it. */
export class View implements Reader {
  store: Store;
  readonly registry: BucketRegistry;
  /**
   * The buckets by id; undefined where nobody asked yet. Shared with other views of the same trees: found buckets are
   * noted in place, while a writer changes only an array of its own.
   */
  states: (BucketState | undefined)[];
  /** Rises when rows move, so that cursors and scans notice. */
  version: number = 0;

  constructor(store: Store, registry: BucketRegistry, states: (BucketState | undefined)[]) {
    this.store = store;
    this.registry = registry;
    this.states = states;
  }

  bucket(name: Uint8Array, parent?: Bucket): Bucket | undefined {
    const bucket = this.registry.handle(name, parent);
    return this.state(bucket).exists ? bucket : undefined;
  }

  get(target: Bucket | Uint8Array, key: Uint8Array): Uint8Array | undefined {
    let node = this.root(target);
    while (!node.leaf) node = this.below(node, childIndex(node, key));
    const index = node.search(key);
    return index < 0 || node.isBucket(index) ? undefined : node.value(index);
  }

  range(
    target: Bucket | Uint8Array,
    key: Uint8Array,
    end: Uint8Array | undefined,
    visit: RowVisitor,
    limit: number = Number.POSITIVE_INFINITY,
  ): number {
    if (limit <= 0) return 0;
    if (end !== undefined && compareBytes(key, end) >= 0) return 0;
    const scan = new RowScan(this, visit, limit);
    scan.walk(this.root(target), key, end);
    return scan.visited;
  }

  count(target: Bucket | Uint8Array, from?: Uint8Array, to?: Uint8Array): number {
    if (from !== undefined && to !== undefined && compareBytes(from, to) >= 0) return 0;
    return countRows(this, this.root(target), from, to);
  }

  cursor(target: Bucket | Uint8Array): Cursor {
    return new TreeCursor(this, this.root(target));
  }

  forEachBucket(visit: (name: Uint8Array, bucket: Bucket) => void, parent: Bucket = this.registry.root): void {
    const cursor = new TreeCursor(this, this.root(parent), true);
    for (let there = cursor.first(); there; there = cursor.next()) {
      visit(cursor.key, this.registry.handle(cursor.key, parent));
    }
  }

  /** The node or page at the top of a bucket that exists. */
  root(target: Bucket | Uint8Array): Page | TreeNode {
    const bucket = target instanceof Bucket ? target : this.registry.handle(target);
    const state = this.states[bucket.id] ?? this.state(bucket);
    invariant(state.exists, "bucket does not exist", () => ({ bucket: toHex(bucket.name) }));
    const root = state.root;
    return typeof root === "number" ? this.store.page(root) : root;
  }

  /** The child of a branch. */
  below(branch: Page | TreeNode, index: number): Page | TreeNode {
    const child = branch.child(index);
    return typeof child === "number" ? this.store.page(child) : child;
  }

  /** The child of a branch, for a walk over many. */
  passing(branch: Page | TreeNode, index: number): Page | TreeNode {
    const child = branch.child(index);
    return typeof child === "number" ? this.store.pass(child) : child;
  }

  state(bucket: Bucket): BucketState {
    const states = this.states;
    const known = states[bucket.id];
    if (known !== undefined) return known;
    invariant(bucket.parent !== undefined, "the transaction is closed");
    while (states.length <= bucket.id) states.push(undefined);
    const found = this.#find(bucket, bucket.parent);
    states[bucket.id] = found;
    return found;
  }

  #find(bucket: Bucket, parent: Bucket): BucketState {
    if (!this.state(parent).exists) return missing;
    let node = this.root(parent);
    while (!node.leaf) node = this.below(node, childIndex(node, bucket.name));
    const index = node.search(bucket.name);
    if (index < 0 || !node.isBucket(index)) return missing;
    const record = decodeBucket(node.value(index), this.store.path, this.store.highWaterMark);
    return new BucketState(true, record.root, 0, record, false);
  }
}

/** The child of `branch` where `key` belongs: the last one whose bound is not above it, else the first. */
export function childIndex(branch: Page | TreeNode, key: Uint8Array): number {
  const found = branch.search(key);
  if (found >= 0) return found;
  const before = ~found - 1;
  return before < 0 ? 0 : before;
}

const closedStates: (BucketState | undefined)[] = [];

/** Who gave out a read transaction. */
export interface ReadOwner {
  onReadClosed(store: Store): void;
}

/** A read transaction: the trees of one moment, held by a pin. */
export class ReadView extends View implements ReadTx {
  #pin: Pin | undefined;
  readonly #owner: ReadOwner;

  constructor(store: Store, registry: BucketRegistry, states: (BucketState | undefined)[], pin: Pin, owner: ReadOwner) {
    super(store, registry, states);
    this.#pin = pin;
    this.#owner = owner;
  }

  close(): void {
    if (this.#pin === undefined) return;
    this.store.unpin(this.#pin);
    this.#pin = undefined;
    this.states = closedStates;
    this.version += 1;
    this.#owner.onReadClosed(this.store);
  }
}
