import { invariant } from "@quorate/base";
import {
  capacity,
  childrenAt,
  closeGap,
  countsAt,
  deadBit,
  entriesAt,
  headsAt,
  openGap,
  slotMask,
  wordCount,
  wordPrefix,
} from "./tree-node.ts";
import { depthMax, TreePath } from "./tree-path.ts";

/** A node with fewer entries joins a neighbour when both fill no more than `joined`. */
const sparse: number = capacity / 4;
const joined: number = (capacity * 3) / 4;

/**
 * The slots of all keys in the order of the keys: a B+tree whose nodes live in word tables (see `tree-node.ts` and `tree-nodes.ts`), with
 * the number of keys without tombstone below each child, so that a rank costs one descent.
 *
 * Finding is the business of `TreePath`; the operations "here" work on the path that the last search left and are valid
 * until the tree changes. `changes` counts structural changes: who kept a leaf and position looks whether it moved.
 */
export class KeyTree extends TreePath {
  #live = 0;
  #size = 0;
  changes = 0;

  /** Keys without tombstone. */
  get live(): number {
    return this.#live;
  }

  /** All keys. */
  get size(): number {
    return this.#size;
  }

  /** Marks the found entry as dead or alive. */
  markHere(dead: boolean): void {
    const words = this.nodes.leaf(this.leaf);
    const at = this.nodes.leafBase(this.leaf) + entriesAt + this.position;
    const slot = (words[at] as number) & slotMask;
    words[at] = dead ? (slot | deadBit) >>> 0 : slot;
    this.#addToCounts(dead ? -1 : 1);
  }

  /** Puts an entry, dead or alive, at the place of the last search, whose key it has. */
  insertHere(entry: number): void {
    this.changes += 1;
    this.#size += 1;
    if (this.nodes.leaf(this.leaf)[this.nodes.leafBase(this.leaf) + wordCount] === capacity) this.#splitLeaf();
    const words = this.nodes.leaf(this.leaf);
    const base = this.nodes.leafBase(this.leaf);
    const count = words[base + wordCount] as number;
    openGap(words, base + entriesAt, this.position, count);
    openGap(words, base + headsAt, this.position, count);
    words[base + entriesAt + this.position] = entry;
    words[base + wordCount] = count + 1;
    this.keys.refresh(words, base, this.position);
    if (this.position === 0) this.#minimumChanged(entry & slotMask);
    if (entry < deadBit) this.#addToCounts(1);
  }

  /** Removes the found entry. */
  removeHere(): void {
    this.changes += 1;
    this.#size -= 1;
    const words = this.nodes.leaf(this.leaf);
    const base = this.nodes.leafBase(this.leaf);
    const count = words[base + wordCount] as number;
    const entry = words[base + entriesAt + this.position] as number;
    if (entry < deadBit) this.#addToCounts(-1);
    closeGap(words, base + entriesAt, this.position, count);
    closeGap(words, base + headsAt, this.position, count);
    words[base + wordCount] = count - 1;
    if (count === 1) {
      // No keys, nothing shared: the next entry decides.
      words[base + wordPrefix] = 0;
      if (this.height > 0) this.#dropLeaf();
      return;
    }
    if (this.position === 0) this.#minimumChanged((words[base + entriesAt] as number) & slotMask);
    if (count - 1 < sparse && this.height > 0) this.#joinLeaf();
  }

  #addToCounts(difference: number): void {
    this.#live += difference;
    for (let level = this.height; level > 0; level--) {
      const node = this.pathNode[level] as number;
      const at = this.nodes.innerBase(node) + countsAt + (this.pathChild[level] as number);
      const words = this.nodes.inner(node);
      words[at] = (words[at] as number) + difference;
    }
  }

  /** Carries a new smallest slot of the leaf up as far as it is the smallest. */
  #minimumChanged(slot: number): void {
    for (let level = 1; level <= this.height; level++) {
      const node = this.pathNode[level] as number;
      const child = this.pathChild[level] as number;
      const words = this.nodes.inner(node);
      const base = this.nodes.innerBase(node);
      words[base + entriesAt + child] = slot;
      this.keys.refresh(words, base, child);
      if (child !== 0) return;
    }
  }

  #splitLeaf(): void {
    const nodes = this.nodes;
    // Keys that arrive in order leave full leaves behind.
    const cut = this.nextOf(this.leaf) === 0 && this.position === capacity ? capacity - 1 : capacity / 2;
    const right = nodes.splitLeaf(this.leaf, cut);
    this.#insertChild(1, right, nodes.leafMinimum(right), nodes.liveInLeaf(right, capacity - cut));
    if (this.position > cut || (this.position === cut && cut !== capacity / 2)) {
      this.leaf = right;
      this.position -= cut;
      this.#followRight(1);
    }
  }

  /** The path at `level` goes on to the child behind the one it takes. */
  #followRight(level: number): void {
    const node = this.pathNode[level] as number;
    const child = (this.pathChild[level] as number) + 1;
    invariant(child < this.nodes.innerCount(node), "the path left its node");
    this.pathChild[level] = child;
  }

  /**
   * Puts child `right` behind the child that the path takes at `level`, `moved` of whose keys it took over.
   * Afterwards the path still leads to the left one, and its right neighbour is in the same node.
   */
  #insertChild(level: number, right: number, separator: number, moved: number): void {
    if (level > this.height) {
      this.#growRoot(level, right, separator, moved);
      return;
    }
    if (this.nodes.innerCount(this.pathNode[level] as number) === capacity) this.#splitInner(level);
    const node = this.pathNode[level] as number;
    const child = this.pathChild[level] as number;
    const words = this.nodes.inner(node);
    const base = this.nodes.innerBase(node);
    const count = words[base + wordCount] as number;
    for (const column of [headsAt, entriesAt, childrenAt, countsAt]) openGap(words, base + column, child + 1, count);
    words[base + entriesAt + child + 1] = separator;
    words[base + childrenAt + child + 1] = right;
    words[base + countsAt + child + 1] = moved;
    words[base + countsAt + child] = (words[base + countsAt + child] as number) - moved;
    words[base + wordCount] = count + 1;
    this.keys.refresh(words, base, child + 1);
  }

  #growRoot(level: number, right: number, separator: number, moved: number): void {
    invariant(level < depthMax, "the key tree is too deep");
    const nodes = this.nodes;
    const left = this.root;
    const root = nodes.addInner();
    const words = nodes.inner(root);
    const base = nodes.innerBase(root);
    const leftSlot = level === 1 ? nodes.leafMinimum(left) : nodes.innerMinimum(left);
    words[base + wordCount] = 2;
    words[base + entriesAt] = leftSlot;
    words[base + entriesAt + 1] = separator;
    words[base + childrenAt] = left;
    words[base + childrenAt + 1] = right;
    words[base + countsAt] = this.#live - moved;
    words[base + countsAt + 1] = moved;
    this.keys.rebuild(words, base);
    this.root = root;
    this.height = level;
    this.pathNode[level] = root;
    this.pathChild[level] = 0;
  }

  #splitInner(level: number): void {
    const nodes = this.nodes;
    const child = this.pathChild[level] as number;
    const cut = child === capacity - 1 ? capacity - 1 : capacity / 2;
    const right = nodes.splitInner(this.pathNode[level] as number, cut);
    this.#insertChild(level + 1, right, nodes.innerMinimum(right), nodes.liveInInner(right, capacity - cut));
    if (child >= cut) {
      this.pathNode[level] = right;
      this.pathChild[level] = child - cut;
      this.#followRight(level + 1);
    }
  }

  /** Removes the empty leaf of the path from list and tree. */
  #dropLeaf(): void {
    this.nodes.releaseLeaf(this.leaf);
    this.#removeChild(1, this.pathChild[1] as number);
  }

  /** Takes child number `child` out of the path's node at `level`. */
  #removeChild(level: number, child: number): void {
    const node = this.pathNode[level] as number;
    const words = this.nodes.inner(node);
    const base = this.nodes.innerBase(node);
    const count = words[base + wordCount] as number;
    for (const column of [headsAt, entriesAt, childrenAt, countsAt]) closeGap(words, base + column, child, count);
    words[base + wordCount] = count - 1;
    if (count === 1) {
      this.nodes.releaseInner(node);
      this.#removeChild(level + 1, this.pathChild[level + 1] as number);
      return;
    }
    if (level === this.height) {
      this.#shrinkRoot();
      return;
    }
    if (child === 0) this.#carryMinimum(level, words[base + entriesAt] as number);
    if (count - 1 < sparse) this.#joinInner(level);
  }

  #carryMinimum(level: number, slot: number): void {
    for (let above = level + 1; above <= this.height; above++) {
      const node = this.pathNode[above] as number;
      const child = this.pathChild[above] as number;
      this.nodes.inner(node)[this.nodes.innerBase(node) + entriesAt + child] = slot;
      this.keys.refresh(this.nodes.inner(node), this.nodes.innerBase(node), child);
      if (child !== 0) return;
    }
  }

  /** A root with one child gives way to it. */
  #shrinkRoot(): void {
    while (this.height > 0) {
      const words = this.nodes.inner(this.root);
      const base = this.nodes.innerBase(this.root);
      if (words[base + wordCount] !== 1) return;
      const child = words[base + childrenAt] as number;
      this.nodes.releaseInner(this.root);
      this.root = child;
      this.height -= 1;
    }
  }

  /** Joins the sparse leaf of the path with a neighbour under the same parent, if both fit one node. */
  #joinLeaf(): void {
    const pair = this.#pair(1);
    if (pair < 0) return;
    const left = this.#childOf(1, pair);
    const right = this.#childOf(1, pair + 1);
    if (this.nodes.leafCount(left) + this.nodes.leafCount(right) > joined) return;
    this.nodes.joinLeaves(left, right);
    this.#absorbed(1, pair);
  }

  #joinInner(level: number): void {
    const pair = this.#pair(level + 1);
    if (pair < 0) return;
    const left = this.#childOf(level + 1, pair);
    const right = this.#childOf(level + 1, pair + 1);
    if (this.nodes.innerCount(left) + this.nodes.innerCount(right) > joined) return;
    this.nodes.joinInners(left, right);
    this.#absorbed(level + 1, pair);
  }

  #childOf(level: number, child: number): number {
    const node = this.pathNode[level] as number;
    return this.nodes.inner(node)[this.nodes.innerBase(node) + childrenAt + child] as number;
  }

  /** Child number `pair` of the path's node at `level` has taken over what the one behind it held. */
  #absorbed(level: number, pair: number): void {
    const node = this.pathNode[level] as number;
    const words = this.nodes.inner(node);
    const at = this.nodes.innerBase(node) + countsAt + pair;
    words[at] = (words[at] as number) + (words[at + 1] as number);
    this.#removeChild(level, pair + 1);
  }

  /** The left one of the path's child at `level` and a neighbour in the same node, -1 when it is alone. */
  #pair(level: number): number {
    const node = this.pathNode[level] as number;
    const child = this.pathChild[level] as number;
    const count = this.nodes.inner(node)[this.nodes.innerBase(node) + wordCount] as number;
    if (count < 2) return -1;
    return child + 1 < count ? child : child - 1;
  }
}
