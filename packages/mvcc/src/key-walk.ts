import type { KeyEnd, KeyIndex } from "./key-index.ts";
import type { KeyTree } from "./key-tree.ts";
import { deadBit, slotMask } from "./tree-node.ts";

/**
 * Walks the keys of a stretch that live at one revision, forwards or backwards, and may be left standing while the
 * index changes: it remembers the last key and finds its place again. After `next` returned true, `record` is the
 * revision of the key that is visible.
 */
export class KeyWalk {
  readonly #index: KeyIndex;
  readonly #tree: KeyTree;
  readonly #from: Uint8Array;
  readonly #to: KeyEnd;
  readonly #revision: number;
  readonly #backward: boolean;
  /** Nothing in the index is newer than the revision, so entries alone say what lives. */
  #newest = false;
  #changes = -1;
  #leaf = 0;
  #position = 0;
  #endLeaf = 0;
  #endPosition = 0;
  /** The slot that was seen last, and its key once the walk was paused. */
  #last = 0;
  #lastKey: Uint8Array | undefined;

  /** The record of the key at the walk's revision; valid until the index changes. */
  record = 0;
  /** How many more entries may be looked at, dead ones too. */
  left: number = Number.POSITIVE_INFINITY;
  /** Whether `next` returned false because the stretch is walked, and not because nothing was left to spend. */
  ended = false;

  constructor(index: KeyIndex, from: Uint8Array, to: KeyEnd, revision: number, backward = false) {
    this.#index = index;
    this.#tree = index.tree;
    this.#from = from;
    this.#to = to;
    this.#revision = revision;
    this.#backward = backward;
  }

  /** To be called before the index may change; `next` then finds its place again. */
  pause(): void {
    if (this.#last !== 0) this.#lastKey = this.#index.keyOf(this.#last);
    this.#last = 0;
    this.#changes = -1;
  }

  /** Moves to the next living key; false at the end, or when as many entries were looked at as `left` allowed. */
  next(): boolean {
    if (this.#changes !== this.#tree.changes) this.#seek();
    return this.#backward ? this.#stepBackward() : this.#stepForward();
  }

  #stepForward(): boolean {
    const tree = this.#tree;
    for (;;) {
      if (this.#leaf === this.#endLeaf && this.#position >= this.#endPosition) return this.#end();
      if (this.#position >= tree.countOf(this.#leaf)) {
        this.#leaf = tree.nextOf(this.#leaf);
        if (this.#leaf === 0) return this.#end();
        this.#position = 0;
        continue;
      }
      if (this.left <= 0) return false;
      const entry = tree.entryAt(this.#leaf, this.#position);
      this.#position += 1;
      if (this.#isLive(entry)) return true;
    }
  }

  #stepBackward(): boolean {
    const tree = this.#tree;
    for (;;) {
      if (this.#leaf === this.#endLeaf && this.#position <= this.#endPosition) return this.#end();
      if (this.#position === 0) {
        this.#leaf = tree.prevOf(this.#leaf);
        if (this.#leaf === 0) return this.#end();
        this.#position = tree.countOf(this.#leaf);
        continue;
      }
      if (this.left <= 0) return false;
      this.#position -= 1;
      if (this.#isLive(tree.entryAt(this.#leaf, this.#position))) return true;
    }
  }

  #end(): boolean {
    this.ended = true;
    this.#leaf = this.#endLeaf;
    this.#position = this.#endPosition;
    return false;
  }

  #isLive(entry: number): boolean {
    this.left -= 1;
    const slot = entry & slotMask;
    this.#last = slot;
    if (this.#newest) {
      this.record = slot;
      return entry < deadBit;
    }
    const record = this.#index.at(slot, this.#revision);
    this.record = record;
    return record !== 0 && !this.#index.records.isTombstone(record);
  }

  /** Finds the next entry and the end anew. */
  #seek(): void {
    const tree = this.#tree;
    const last = this.#lastKey;
    this.#newest = this.#revision >= this.#index.newestMain;
    this.#changes = tree.changes;
    if (this.#backward) {
      tree.search(this.#from);
      this.#endLeaf = tree.leaf;
      this.#endPosition = tree.position;
      const start = last ?? this.#to;
      if (start === undefined) tree.searchEnd();
      else tree.search(start);
      this.#leaf = tree.leaf;
      this.#position = tree.position;
      return;
    }
    if (this.#to === undefined) tree.searchEnd();
    else tree.search(this.#to);
    this.#endLeaf = tree.leaf;
    this.#endPosition = tree.position;
    tree.search(last ?? this.#from);
    this.#leaf = tree.leaf;
    this.#position = tree.position + (last !== undefined && tree.found ? 1 : 0);
  }
}
