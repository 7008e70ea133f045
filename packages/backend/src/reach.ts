import { type Clock, CorruptError } from "@quorate/base";
import { decodeBucket, type Page } from "./page.ts";
import type { Store } from "./store.ts";

/** Pages looked at in one turn of the loop. */
const pagesPerTurn = 2000;

/**
 * Finds the free pages of a database that stores no list of them: all that no tree reaches. A stored list is not
 * trusted; its own pages stay untouched until a meta without it is durable.
 *
 * @throws CorruptError when a page is damaged or reached twice.
 */
export async function findFreePages(store: Store, clock: Clock): Promise<void> {
  const reached = new Uint32Array((store.highWaterMark + 31) >>> 5);
  mark(store, reached, 0, 2);
  const stack: number[] = [store.meta.root];
  const scratch = new Uint32Array(store.pageSize >>> 2);
  let looked = 0;
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const page = store.readPage(id, scratch);
    mark(store, reached, id, page.overflow + 1);
    pushBelow(store, page, stack);
    looked += 1;
    if (looked % pagesPerTurn === 0) await new Promise<void>((resolve) => clock.nextTurn(resolve));
  }
  keepStoredFreelist(store, reached);
  addUnreached(store, reached);
}

function pushBelow(store: Store, page: Page, stack: number[]): void {
  // The first child is to be looked at first: neighbours in order are mostly neighbours in the file.
  for (let i = page.count - 1; i >= 0; i--) {
    if (!page.leaf) {
      stack.push(page.child(i));
    } else if (page.isBucket(i)) {
      const { root } = decodeBucket(page.value(i), store.path, store.highWaterMark);
      if (typeof root === "number") stack.push(root);
    }
  }
}

function mark(store: Store, reached: Uint32Array, first: number, count: number): void {
  for (let page = first; page < first + count; page++) {
    const word = page >>> 5;
    const bit = 1 << (page & 31);
    if (((reached[word] as number) & bit) !== 0) {
      throw new CorruptError(store.path, `page ${page}: multiple references`);
    }
    reached[word] = (reached[word] as number) | bit;
  }
}

function keepStoredFreelist(store: Store, reached: Uint32Array): void {
  const first = store.meta.freelist;
  if (first === undefined) return;
  const pages = store.storedFreelistPages();
  mark(store, reached, first, pages);
  store.freelist.free(store.meta.txid + 1, first, pages);
}

function addUnreached(store: Store, reached: Uint32Array): void {
  let first = 0;
  for (let page = 2; page <= store.highWaterMark; page++) {
    const free = page < store.highWaterMark && ((reached[page >>> 5] as number) & (1 << (page & 31))) === 0;
    if (free && first === 0) first = page;
    if (free || first === 0) continue;
    store.freelist.add(first, page - first);
    first = 0;
  }
}
