import { toHex } from "@quorate/base";
import type { TreeNode } from "./node.ts";
import type { Page } from "./page.ts";

/**
 * A name for a bucket that spares the look-up: it stays good for the life of the backend, whatever is committed,
 * removed or defragmented. Whether the bucket exists is a question to a reader.
 */
export class Bucket {
  /** Index of the bucket's state in every view; parents have lower ones. */
  readonly id: number;
  readonly name: Uint8Array;
  /** Undefined for the root bucket, which holds the top-level ones. */
  readonly parent: Bucket | undefined;

  constructor(id: number, name: Uint8Array, parent: Bucket | undefined) {
    this.id = id;
    this.name = name;
    this.parent = parent;
  }
}

/** All handles that were asked for. */
export class BucketRegistry {
  readonly root: Bucket = new Bucket(0, new Uint8Array(0), undefined);
  readonly all: Bucket[] = [this.root];
  readonly #byPath: Map<string, Bucket> = new Map();

  /** Returns the handle of the bucket `name` in `parent`, the root bucket unless given. Copies `name`. */
  handle(name: Uint8Array, parent: Bucket = this.root): Bucket {
    const path = `${parent.id}/${toHex(name)}`;
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const bucket = new Bucket(this.all.length, name.slice(), parent);
    this.all.push(bucket);
    this.#byPath.set(path, bucket);
    return bucket;
  }
}

/** A bucket's tree in one view. */
export class BucketState {
  readonly exists: boolean;
  /** A page, a changed node, or the page of an inline bucket. */
  root: number | TreeNode | Page;
  /** Must be written with the next commit. */
  changed: boolean;
  /** The view that may write to this object. */
  readonly generation: number;
  readonly sequenceLow: number;
  readonly sequenceHigh: number;

  constructor(
    exists: boolean,
    root: number | TreeNode | Page,
    generation: number,
    sequence: { readonly sequenceLow: number; readonly sequenceHigh: number },
    changed: boolean,
  ) {
    this.exists = exists;
    this.root = root;
    this.generation = generation;
    this.sequenceLow = sequence.sequenceLow;
    this.sequenceHigh = sequence.sequenceHigh;
    this.changed = changed;
  }
}

export const noSequence = { sequenceLow: 0, sequenceHigh: 0 } as const;

/** The state of a bucket that does not exist. */
export const missing: BucketState = new BucketState(false, 0, -1, noSequence, false);
