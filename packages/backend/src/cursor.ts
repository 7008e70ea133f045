import { invariant } from "@quorate/base";
import type { TreeNode } from "./node.ts";
import type { Page } from "./page.ts";
import type { Cursor } from "./types.ts";
import type { View } from "./view.ts";

/** A path from a bucket's root to a row. Shows either the rows of a bucket, or the buckets nested in it. */
export class TreeCursor implements Cursor {
  readonly #view: View;
  readonly #version: number;
  readonly #root: Page | TreeNode;
  readonly #buckets: boolean;
  readonly #path: (Page | TreeNode)[] = [];
  readonly #indexes: number[] = [];
  #there = false;

  constructor(view: View, root: Page | TreeNode, buckets = false) {
    this.#view = view;
    this.#version = view.version;
    this.#root = root;
    this.#buckets = buckets;
  }

  get key(): Uint8Array {
    return this.#leaf().key(this.#indexes[this.#indexes.length - 1] as number);
  }

  get value(): Uint8Array {
    return this.#leaf().value(this.#indexes[this.#indexes.length - 1] as number);
  }

  first(): boolean {
    this.#begin();
    this.#descend(this.#root, 1);
    return this.#settle(1);
  }

  last(): boolean {
    this.#begin();
    this.#descend(this.#root, -1);
    return this.#settle(-1);
  }

  seek(key: Uint8Array): boolean {
    this.#begin();
    let node = this.#root;
    while (!node.leaf) {
      const found = node.search(key);
      const index = found >= 0 ? found : ~found === 0 ? 0 : ~found - 1;
      this.#path.push(node);
      this.#indexes.push(index);
      node = this.#view.below(node, index);
    }
    const found = node.search(key);
    this.#path.push(node);
    this.#indexes.push(found >= 0 ? found : ~found);
    return this.#settle(1);
  }

  next(): boolean {
    return this.#step(1);
  }

  prev(): boolean {
    return this.#step(-1);
  }

  #leaf(): Page | TreeNode {
    invariant(this.#there, "the cursor stands nowhere");
    this.#checkVersion();
    return this.#path[this.#path.length - 1] as Page | TreeNode;
  }

  #checkVersion(): void {
    invariant(this.#view.version === this.#version, "a cursor is void after a write, a commit or a close");
  }

  #begin(): void {
    this.#checkVersion();
    this.#path.length = 0;
    this.#indexes.length = 0;
  }

  #descend(from: Page | TreeNode, direction: 1 | -1): void {
    let node = from;
    for (;;) {
      const index = direction > 0 ? 0 : node.count - 1;
      this.#path.push(node);
      this.#indexes.push(index);
      if (node.leaf) return;
      node = this.#view.below(node, index);
    }
  }

  #step(direction: 1 | -1): boolean {
    invariant(this.#there, "the cursor stands nowhere");
    this.#checkVersion();
    const top = this.#indexes.length - 1;
    this.#indexes[top] = (this.#indexes[top] as number) + direction;
    return this.#settle(direction);
  }

  /** Goes on in `direction` until the path ends at a row of the wanted kind. */
  #settle(direction: 1 | -1): boolean {
    for (;;) {
      const top = this.#path.length - 1;
      const node = this.#path[top] as Page | TreeNode;
      const index = this.#indexes[top] as number;
      if (index >= 0 && index < node.count) {
        if (!node.leaf) {
          this.#descend(this.#view.below(node, index), direction);
          continue;
        }
        if (node.isBucket(index) === this.#buckets) {
          this.#there = true;
          return true;
        }
        this.#indexes[top] = index + direction;
        continue;
      }
      if (top === 0) {
        this.#there = false;
        return false;
      }
      this.#path.pop();
      this.#indexes.pop();
      this.#indexes[top - 1] = (this.#indexes[top - 1] as number) + direction;
    }
  }
}
