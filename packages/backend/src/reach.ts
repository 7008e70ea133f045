import { type Clock, CorruptError } from "@quorate/base";
import { decodeBucket, type Page, type PageMemory, pageMemory } from "./page.ts";
import type { Store } from "./store.ts";

/** Pages looked at in one turn of the loop. */
const pagesPerTurn = 2000;

/**
 * Finds the free pages of a database that stores no list of them: all that no tree reaches. A stored list is not
 * trusted; its own pages stay untouched until a meta without it is durable.
 *
 * Every page that is reached is looked at, so this is also where damage is found before it answers a request.
 *
 * @throws CorruptError when a page is damaged, reached twice, or holds keys out of order or outside what its branch says.
 */
export async function findFreePages(store: Store, clock: Clock): Promise<void> {
  const walk = new ReachWalk(store);
  while (walk.step(pagesPerTurn)) await new Promise<void>((resolve) => clock.nextTurn(resolve));
  if (walk.allSealed) store.trustSeals();
  keepStoredFreelist(store, walk.reached);
  addUnreached(store, walk.reached);
}

/** One page on the way from the root to where the walk stands. */
interface Level {
  /** What the page of this level is read into; kept for the next one. */
  readonly memory: PageMemory;
  page: Page;
  /** The element to go on with. */
  next: number;
  /** Keys of the page lie in [low, high), as its branch says; views of pages above. */
  low: Uint8Array | undefined;
  high: Uint8Array | undefined;
}

/** Goes through all trees in order of keys: neighbours in order are mostly neighbours in the file. */
class ReachWalk {
  /** A bit per page. */
  readonly reached: Uint32Array;
  /** No page without a seal was reached. */
  allSealed = true;
  readonly #store: Store;
  readonly #levels: Level[] = [];
  /** Levels in use. */
  #depth = 0;
  #looked = 0;

  constructor(store: Store) {
    this.#store = store;
    this.reached = new Uint32Array((store.highWaterMark + 31) >>> 5);
    mark(store, this.reached, 0, 2);
    this.#enter(store.meta.root, undefined, undefined);
  }

  /** Looks at up to `pages` pages; false when none is left. */
  step(pages: number): boolean {
    const stop = this.#looked + pages;
    while (this.#looked < stop && this.#depth > 0) {
      const level = this.#levels[this.#depth - 1] as Level;
      if (level.next === level.page.count) this.#depth -= 1;
      else if (level.page.leaf) this.#passRow(level);
      else this.#enterChild(level);
    }
    return this.#depth > 0;
  }

  #enter(id: number, low: Uint8Array | undefined, high: Uint8Array | undefined): void {
    const store = this.#store;
    const memory = this.#levels[this.#depth]?.memory ?? pageMemory(store.pageSize);
    const page = store.readPage(id, memory);
    this.#looked += 1;
    if (!page.isSealed) this.allSealed = false;
    mark(store, this.reached, id, page.overflow + 1);
    const disorder = page.disorder(low, high);
    if (disorder !== undefined) {
      const at = id * store.pageSize + disorder.at;
      throw new CorruptError(store.path, `page ${id}: element ${disorder.element} at byte ${at}: ${disorder.message}`);
    }
    this.#levels[this.#depth] = { memory, page, next: page.leaf ? page.firstBucket(0) : 0, low, high };
    this.#depth += 1;
  }

  #enterChild(level: Level): void {
    const { page, next } = level;
    level.next += 1;
    this.#enter(page.child(next), page.key(next), level.next < page.count ? page.key(level.next) : level.high);
  }

  /** Looks for trees inside a leaf. */
  #passRow(level: Level): void {
    const { page, next } = level;
    level.next = page.firstBucket(next + 1);
    const { path, highWaterMark } = this.#store;
    const { root } = decodeBucket(page.value(next), path, highWaterMark);
    if (typeof root === "number") {
      this.#enter(root, undefined, undefined);
      return;
    }
    const message = root.disorder(undefined, undefined)?.message;
    if (message !== undefined) throw new CorruptError(path, `page ${page.id}: inline bucket ${next}: ${message}`);
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
