import type { Page } from "./page.ts";

/** What a page costs in memory, about, with what is kept beside its bytes. */
const costOf = (page: Page): number => page.length + 200;

/**
 * Pages in memory, up to a limit in bytes; the clock algorithm chooses who leaves. Evicted pages stay valid for
 * whoever holds them, so the limit bounds what the cache itself keeps alive.
 */
export class PageCache {
  readonly #bytesMax: number;
  #bytes = 0;
  /** By page number; holes are undefined. */
  readonly #pages: (Page | undefined)[] = [];
  /** The clock's face, in no particular order. */
  readonly #face: Page[] = [];
  #hand = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: number): Page | undefined {
    const page = this.#pages[id];
    if (page !== undefined) page.referenced = true;
    return page;
  }

  set(page: Page): void {
    const id = page.id;
    // Filled one by one: an assignment far past the end would turn the array into a hash table.
    while (this.#pages.length <= id) this.#pages.push(undefined);
    const previous = this.#pages[id];
    if (previous !== undefined) this.#leave(previous.slot);
    const cost = costOf(page);
    while (this.#bytes + cost > this.#bytesMax && this.#face.length > 0) this.#evict();
    if (cost > this.#bytesMax) return;
    this.#pages[id] = page;
    page.slot = this.#face.length;
    this.#face.push(page);
    this.#bytes += cost;
  }

  #evict(): void {
    for (;;) {
      if (this.#hand >= this.#face.length) this.#hand = 0;
      const page = this.#face[this.#hand] as Page;
      if (!page.referenced) {
        this.#leave(this.#hand);
        return;
      }
      page.referenced = false;
      this.#hand += 1;
    }
  }

  #leave(slot: number): void {
    const page = this.#face[slot] as Page;
    const last = this.#face.pop() as Page;
    if (last !== page) {
      this.#face[slot] = last;
      last.slot = slot;
    }
    this.#pages[page.id] = undefined;
    this.#bytes -= costOf(page);
  }
}
