import { invariant } from "@quorate/base";
import type { TreeNode } from "./node.ts";
import type { Page } from "./page.ts";
import type { RowVisitor } from "./types.ts";
import type { View } from "./view.ts";

/** First index in a leaf that is not below `key`. */
function lowerBound(node: Page | TreeNode, key: Uint8Array | undefined, otherwise: number): number {
  if (key === undefined) return otherwise;
  const found = node.search(key);
  return found >= 0 ? found : ~found;
}

/** First child that may hold rows at or above `from`. */
function firstChild(node: Page | TreeNode, from: Uint8Array | undefined): number {
  if (from === undefined) return 0;
  const found = node.search(from);
  if (found >= 0) return found;
  return ~found === 0 ? 0 : ~found - 1;
}

/** Last child that may hold rows below `end`; -1 when none may. */
function lastChild(node: Page | TreeNode, end: Uint8Array | undefined): number {
  return lowerBound(node, end, node.count) - 1;
}

/** One visit of a range. */
export class RowScan {
  visited = 0;
  readonly #view: View;
  readonly #version: number;
  readonly #visit: RowVisitor;
  readonly #limit: number;

  constructor(view: View, visit: RowVisitor, limit: number) {
    this.#view = view;
    this.#version = view.version;
    this.#visit = visit;
    this.#limit = limit;
  }

  /**
   * Visits the rows below `node`.
   *
   * @param from undefined when all rows here are known to be at or above the start of the range; `end` likewise.
   * @returns whether to go on.
   */
  walk(node: Page | TreeNode, from: Uint8Array | undefined, end: Uint8Array | undefined): boolean {
    if (node.leaf) return this.#rows(node, lowerBound(node, from, 0), lowerBound(node, end, node.count));
    const first = firstChild(node, from);
    const last = lastChild(node, end);
    for (let i = first; i <= last; i++) {
      const child = this.#view.passing(node, i);
      if (!this.walk(child, i === first ? from : undefined, i === last ? end : undefined)) return false;
    }
    return true;
  }

  #rows(node: Page | TreeNode, first: number, stop: number): boolean {
    for (let i = first; i < stop; i++) {
      if (node.isBucket(i)) continue;
      this.visited += 1;
      const more = this.#visit(node.key(i), node.value(i));
      invariant(this.#view.version === this.#version, "the batch was written to, or the view closed, during a range");
      if (more === false || this.visited >= this.#limit) return false;
    }
    return true;
  }
}

/** Counts the rows below `node` in a range; bounds as in `RowScan.walk`. */
export function countRows(
  view: View,
  node: Page | TreeNode,
  from: Uint8Array | undefined,
  to: Uint8Array | undefined,
): number {
  let count = 0;
  if (node.leaf) {
    const stop = lowerBound(node, to, node.count);
    for (let i = lowerBound(node, from, 0); i < stop; i++) if (!node.isBucket(i)) count += 1;
    return count;
  }
  const first = firstChild(node, from);
  const last = lastChild(node, to);
  for (let i = first; i <= last; i++) {
    count += countRows(view, view.passing(node, i), i === first ? from : undefined, i === last ? to : undefined);
  }
  return count;
}
