import { childrenAt, entriesAt, type NodeKeys, wordCount, wordNext, wordPrev } from "./tree-node.ts";
import { TreeNodes } from "./tree-nodes.ts";

export const depthMax: number = 16;

/**
 * The way from the root of a key tree to a place in a leaf, as the last search left it (`leaf`, `position`, `found`),
 * and walking on from there.
 */
export class TreePath {
  protected readonly keys: NodeKeys;
  protected readonly nodes: TreeNodes;
  protected root: number;
  /** Levels of inner nodes above the leaves. */
  protected height: number = 0;
  /** By level, counted from the leaves. */
  protected readonly pathNode: Int32Array = new Int32Array(depthMax);
  protected readonly pathChild: Int32Array = new Int32Array(depthMax);

  leaf: number = 0;
  position: number = 0;
  found: boolean = false;

  constructor(keys: NodeKeys) {
    this.keys = keys;
    this.nodes = new TreeNodes(keys);
    this.root = this.nodes.addLeaf();
  }

  get byteSize(): number {
    return this.nodes.byteSize;
  }

  /**
   * Finds the first entry whose key is `key` or behind it; the position may be just past the end of its leaf.
   *
   * The way down trusts the heads alone, so that it touches no keys but in ties. A key that is not in the tree may
   * be led astray by that; its neighbours tell, and then the way is taken again with every prefix checked.
   */
  search(key: Uint8Array): void {
    this.#descend(key, true);
    const words = this.nodes.leaf(this.leaf);
    const base = this.nodes.leafBase(this.leaf);
    if (this.found ? this.keys.sharesPrefix(words, base, this.position, key) : this.#fits(words, base, key)) return;
    this.#descend(key, false);
  }

  #descend(key: Uint8Array, trusting: boolean): void {
    const nodes = this.nodes;
    const keys = this.keys;
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = nodes.inner(node);
      const base = nodes.innerBase(node);
      const bound = trusting ? keys.guess(words, base, key) : keys.lowerBound(words, base, key);
      const child = keys.found || bound === 0 ? bound : bound - 1;
      this.pathNode[level] = node;
      this.pathChild[level] = child;
      node = words[base + childrenAt + child] as number;
    }
    const words = this.nodes.leaf(node);
    const base = this.nodes.leafBase(node);
    this.leaf = node;
    this.position = trusting ? keys.guess(words, base, key) : keys.lowerBound(words, base, key);
    this.found = keys.found;
  }

  /** Whether `key`, which was not found, belongs where the search stands: behind one neighbour and before the other. */
  #fits(words: Uint32Array, base: number, key: Uint8Array): boolean {
    const keys = this.keys;
    const count = words[base + wordCount] as number;
    if (count === 0) return true;
    // With the prefix confirmed, what the heads say of the neighbours inside the leaf holds.
    if (!keys.sharesPrefix(words, base, this.position < count ? this.position : count - 1, key)) return false;
    if (this.position === 0 && words[base + wordPrev] !== 0) return false;
    if (this.position < count) return true;
    const next = words[base + wordNext] as number;
    return next === 0 || keys.order(this.nodes.leaf(next), this.nodes.leafBase(next), 0, key) > 0;
  }

  /** The first leaf, and the place before its first entry. */
  searchFirst(): void {
    this.#searchEdge(false);
  }

  /** The last leaf, and the place behind its last entry. */
  searchEnd(): void {
    this.#searchEdge(true);
  }

  #searchEdge(end: boolean): void {
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = this.nodes.inner(node);
      const base = this.nodes.innerBase(node);
      const child = end ? (words[base + wordCount] as number) - 1 : 0;
      this.pathNode[level] = node;
      this.pathChild[level] = child;
      node = words[base + childrenAt + child] as number;
    }
    this.leaf = node;
    this.position = end ? (this.nodes.leaf(node)[this.nodes.leafBase(node) + wordCount] as number) : 0;
    this.found = false;
  }

  /** The entry that the search found. */
  entryHere(): number {
    return this.nodes.leaf(this.leaf)[this.nodes.leafBase(this.leaf) + entriesAt + this.position] as number;
  }

  /** Keys without tombstone before the place of the last search. */
  rankHere(): number {
    const nodes = this.nodes;
    let rank = nodes.liveInLeaf(this.leaf, this.position);
    for (let level = this.height; level > 0; level--) {
      rank += nodes.liveInInner(this.pathNode[level] as number, this.pathChild[level] as number);
    }
    return rank;
  }

  // Walking: a place is a leaf and a position in it; the walker skips to the next leaf when a leaf is exhausted.

  countOf(leaf: number): number {
    return this.nodes.leafCount(leaf);
  }

  entryAt(leaf: number, position: number): number {
    return this.nodes.leaf(leaf)[this.nodes.leafBase(leaf) + entriesAt + position] as number;
  }

  /** The leaf behind, 0 at the end. */
  nextOf(leaf: number): number {
    return this.nodes.leaf(leaf)[this.nodes.leafBase(leaf) + wordNext] as number;
  }

  /** The leaf before, 0 at the start. */
  prevOf(leaf: number): number {
    return this.nodes.leaf(leaf)[this.nodes.leafBase(leaf) + wordPrev] as number;
  }
}
