import { compareBytes, invariant } from "@quorate/base";
import { pageHeaderSize } from "./format.ts";
import { TreeNode } from "./node.ts";
import { Page } from "./page.ts";
import { canBeComposed, writeNode } from "./spill.ts";
import type { Store } from "./store.ts";

/** How full the lower page gets when keys come in ascending order, and when they come anyhow. */
const sequentialFill = 0.9;
const randomFill = 0.5;

const leastOf = (node: TreeNode): number => (node.leaf ? 1 : 2);

/** How far a removal of many keys came. */
export interface Removal {
  /** The root from now on; a page number when a page that was not changed is all that is left. */
  readonly root: number | TreeNode;
  /** The first key that was not looked for yet. */
  readonly next: number;
  /** How many of those before it were there. */
  readonly removed: number;
  /** Bytes of the page that was looked at. */
  readonly bytes: number;
}

/**
 * Changes trees by copying what it changes: pages become nodes, nodes of older generations become new ones.
 * Trees are in good shape after every change: no node needs more than a page unless a single entry does (a branch:
 * three children), branches have two children or more, all leaves lie at one depth.
 */
export class TreeWriter {
  store: Store;
  /** Only nodes of this generation are written to. */
  generation = 1;
  /** Bytes of pages that became nodes, and will be written again. */
  ownedBytes = 0;
  /** The removal under way. */
  #run: { readonly keys: readonly Uint8Array[]; next: number; removed: number; bytes: number } = {
    keys: [],
    next: 0,
    removed: 0,
    bytes: 0,
  };

  constructor(store: Store) {
    this.store = store;
  }

  /** Returns a node with the content of `root` that may be written to. */
  own(root: number | TreeNode | Page): TreeNode {
    if (root instanceof TreeNode) return root.generation === this.generation ? root : root.copy(this.generation);
    if (root instanceof Page) return TreeNode.fromPage(root, this.generation);
    // No tree will have it any more: it is not worth a place in the cache.
    const page = this.store.pass(root);
    this.store.freePage(page);
    this.ownedBytes += page.length;
    return TreeNode.fromPage(page, this.generation);
  }

  /**
   * Inserts or replaces.
   *
   * @param root owned.
   * @returns the root from now on.
   */
  insert(root: TreeNode, key: Uint8Array, value: Uint8Array, flags: number): TreeNode {
    const appended = this.#insertBelow(root, key, value, flags);
    if (!this.#oversize(root)) return root;
    const grown = TreeNode.branchOver(root, this.generation);
    this.#splitChild(grown, 0, appended);
    return grown;
  }

  /** @returns whether a new row became the last one below `node`. */
  #insertBelow(node: TreeNode, key: Uint8Array, value: Uint8Array, flags: number): boolean {
    const found = node.search(key);
    if (node.leaf) {
      if (found >= 0) {
        invariant(node.flags[found] === flags, "a row and a nested bucket cannot have one key");
        node.replaceEntry(found, value, flags);
        return false;
      }
      node.insertEntry(~found, key, value, flags);
      return ~found === node.keys.length - 1;
    }
    let index = found >= 0 ? found : ~found - 1;
    if (index < 0) {
      index = 0;
      node.replaceKey(0, key);
    }
    const last = index === node.keys.length - 1;
    if (last && this.#beginLeaf(node, index, key, value, flags)) return true;
    const child = this.#ownChild(node, index);
    const appended = this.#insertBelow(child, key, value, flags) && last;
    if (this.#oversize(child)) this.#splitChild(node, index, appended || (child.leaf && lastIs(child, key)));
    return appended;
  }

  /**
   * Puts a row that belongs behind the last leaf, and does not fit there, into a leaf of its own: the full one stays
   * the page that it is, and is not written again.
   */
  #beginLeaf(parent: TreeNode, index: number, key: Uint8Array, value: Uint8Array, flags: number): boolean {
    const id = parent.children[index] as number | TreeNode;
    if (typeof id !== "number") return false;
    const page = this.store.glance(id);
    if (!page.leaf || page.search(key) !== ~page.count) return false;
    const leaf = TreeNode.emptyLeaf(this.generation);
    leaf.insertEntry(0, key, value, flags);
    if (page.usedBytes() + leaf.size - pageHeaderSize <= this.store.pageRoom) return false;
    parent.insertChild(index + 1, key, leaf);
    return true;
  }

  #oversize(node: TreeNode): boolean {
    return node.size > this.store.pageRoom && node.keys.length >= 2 * leastOf(node);
  }

  #splitChild(parent: TreeNode, at: number, appended: boolean): void {
    const threshold = this.store.pageSize * (appended ? sequentialFill : randomFill);
    let child = parent.children[at] as TreeNode;
    for (let index = at + 1; this.#oversize(child); index++) {
      const upper = child.split(threshold, leastOf(child));
      parent.insertChild(index, upper.keys[0] as Uint8Array, upper);
      if (appended) this.#compose(parent, index - 1, child);
      child = upper;
    }
  }

  /** Makes a page of a leaf that is expected to stay as it is, so that less is left for the commit to do at once. */
  #compose(parent: TreeNode, index: number, child: TreeNode): void {
    if (canBeComposed(child)) parent.children[index] = writeNode(this.store, child);
  }

  #ownChild(parent: TreeNode, index: number): TreeNode {
    const child = parent.children[index] as number | TreeNode;
    if (typeof child !== "number" && child.generation === this.generation) return child;
    const owned = this.own(child);
    parent.children[index] = owned;
    return owned;
  }

  /**
   * Removes a key that is there.
   *
   * @param root owned.
   * @returns the root from now on; a page number when a page that was not changed is all that is left.
   */
  remove(root: TreeNode, key: Uint8Array): number | TreeNode {
    this.#removeBelow(root, key);
    return this.#topOf(root);
  }

  /** The root after something was removed below `root`. */
  #topOf(root: TreeNode): number | TreeNode {
    let top: number | TreeNode = root;
    while (typeof top !== "number" && !top.leaf && top.keys.length <= 1) {
      top = top.keys.length === 0 ? TreeNode.emptyLeaf(this.generation) : (top.children[0] as number | TreeNode);
    }
    if (typeof top === "number" || !this.#oversize(top)) return top;
    // A longer key has taken the place of a removed one.
    const grown = TreeNode.branchOver(top, this.generation);
    this.#splitChild(grown, 0, false);
    return grown;
  }

  /**
   * Removes those of the ascending `keys` from `from` on that lie on one leaf, where they are there; nested buckets stay.
   * A page that loses all its rows is never taken into memory.
   *
   * @param root owned.
   */
  removeRun(root: TreeNode, keys: readonly Uint8Array[], from: number): Removal {
    this.#run = { keys, next: from, removed: 0, bytes: 0 };
    this.#removeRunBelow(root, undefined);
    const { next, removed, bytes } = this.#run;
    return { root: this.#topOf(root), next, removed, bytes };
  }

  /** @param end where the keys below the next node begin. */
  #removeRunBelow(node: TreeNode, end: Uint8Array | undefined): void {
    const run = this.#run;
    if (node.leaf) {
      this.#removeRows(node, end);
      return;
    }
    const key = run.keys[run.next] as Uint8Array;
    const found = node.search(key);
    const index = found >= 0 ? found : Math.max(0, ~found - 1);
    const childEnd = index + 1 < node.keys.length ? (node.keys[index + 1] as Uint8Array) : end;
    const id = node.children[index] as number | TreeNode;
    if (typeof id === "number" && this.#passPage(node, index, id, childEnd)) return;
    const child = this.#ownChild(node, index);
    this.#removeRunBelow(child, childEnd);
    this.#settleChild(node, index, child);
    const isDone = run.next < run.keys.length && child.size >= this.store.pageSize / 2;
    if (isDone && node.children[index] === child) this.#compose(node, index, child);
  }

  /** Looks at a leaf that was not changed: true when nothing is left to do, since all or none of its rows go. */
  #passPage(parent: TreeNode, index: number, id: number, end: Uint8Array | undefined): boolean {
    const run = this.#run;
    const page = this.store.glance(id);
    if (!page.leaf) return false;
    run.bytes += page.length;
    let next = run.next;
    let gone = 0;
    for (; next < run.keys.length; next++) {
      const key = run.keys[next] as Uint8Array;
      if (end !== undefined && compareBytes(key, end) >= 0) break;
      const at = page.search(key);
      if (at >= 0 && !page.isBucket(at)) gone += 1;
    }
    if (gone > 0 && gone < page.count) return false;
    run.next = next;
    run.removed += gone;
    if (gone === 0) return true;
    this.store.freePage(page);
    parent.removeAt(index);
    return true;
  }

  #removeRows(leaf: TreeNode, end: Uint8Array | undefined): void {
    const run = this.#run;
    run.bytes += leaf.size;
    for (; run.next < run.keys.length; run.next++) {
      const key = run.keys[run.next] as Uint8Array;
      if (end !== undefined && compareBytes(key, end) >= 0) return;
      const at = leaf.search(key);
      if (at < 0 || leaf.isBucket(at)) continue;
      leaf.removeAt(at);
      run.removed += 1;
    }
  }

  #removeBelow(node: TreeNode, key: Uint8Array): void {
    const found = node.search(key);
    if (node.leaf) {
      invariant(found >= 0, "the key to remove is not there");
      node.removeAt(found);
      return;
    }
    const index = found >= 0 ? found : ~found - 1;
    invariant(index >= 0, "the key to remove is below its branch");
    const child = this.#ownChild(node, index);
    this.#removeBelow(child, key);
    this.#settleChild(node, index, child);
  }

  /** Brings a branch in order after something was removed below a child. */
  #settleChild(node: TreeNode, index: number, child: TreeNode): void {
    this.#alignKey(node, index, child);
    if (this.#oversize(child)) this.#splitChild(node, index, false);
    else if (child.size < this.store.pageSize / 4 || child.keys.length < leastOf(child)) this.#rebalance(node, index);
  }

  /**
   * Makes the key of a child in its branch the child's first key again. For searching a lower one would do; bbolt looks
   * a changed child up in its branch by the child's first key, and would add it a second time.
   */
  #alignKey(branch: TreeNode, index: number, child: TreeNode): void {
    const first = child.keys[0];
    if (first !== undefined && compareBytes(first, branch.keys[index] as Uint8Array) !== 0) {
      branch.replaceKey(index, first);
    }
  }

  /** Mends a child that has become small: drops it, joins it with a sibling, or moves a grandchild over. */
  #rebalance(parent: TreeNode, index: number): void {
    const child = parent.children[index] as TreeNode;
    if (child.keys.length === 0) {
      parent.removeAt(index);
      return;
    }
    const starved = child.keys.length < leastOf(child);
    if (index > 0 && this.#fits(parent, index - 1, child)) this.#join(parent, index - 1);
    else if (index + 1 < parent.keys.length && this.#fits(parent, index + 1, child)) this.#join(parent, index);
    else if (starved && parent.keys.length > 1) this.#feed(parent, index);
  }

  /** Tells whether `child` and its sibling at `index` make one good node. */
  #fits(parent: TreeNode, index: number, child: TreeNode): boolean {
    const sibling = parent.children[index] as number | TreeNode;
    const node = typeof sibling === "number" ? this.store.glance(sibling) : sibling;
    const size = (node instanceof TreeNode ? node.size : node.usedBytes()) + child.size;
    if (size <= this.store.pageSize * 0.75) return true;
    // A branch of few children with giant keys has none to spare.
    return child.keys.length < leastOf(child) && node.count <= 2;
  }

  /** Joins the children at `index` and `index + 1`. */
  #join(parent: TreeNode, index: number): void {
    const left = this.#ownChild(parent, index);
    const right = parent.children[index + 1] as number | TreeNode;
    left.absorb(typeof right === "number" ? this.own(right) : right);
    parent.removeAt(index + 1);
  }

  /** Moves one child over from a sibling to the branch at `index`, which has a single one. */
  #feed(parent: TreeNode, index: number): void {
    const branch = parent.children[index] as TreeNode;
    if (index > 0) {
      const left = this.#ownChild(parent, index - 1);
      const last = left.keys.length - 1;
      branch.insertChild(0, left.keys[last] as Uint8Array, left.children[last] as number | TreeNode);
      left.removeAt(last);
      parent.replaceKey(index, branch.keys[0] as Uint8Array);
    } else {
      const right = this.#ownChild(parent, 1);
      branch.insertChild(branch.keys.length, right.keys[0] as Uint8Array, right.children[0] as number | TreeNode);
      right.removeAt(0);
      parent.replaceKey(1, right.keys[0] as Uint8Array);
    }
  }

  /** Gives up a whole tree; nested buckets in it are the caller's business. */
  free(root: number | TreeNode | Page): void {
    if (root instanceof Page) return;
    const node = typeof root === "number" ? this.store.pass(root) : root;
    if (node instanceof Page) this.store.freePage(node);
    if (node.leaf) return;
    for (let i = 0; i < node.count; i++) this.free(node.child(i));
  }
}

function lastIs(leaf: TreeNode, key: Uint8Array): boolean {
  return leaf.keys[leaf.keys.length - 1] === key;
}
