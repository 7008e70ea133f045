import type { Page } from "./page.ts";

/** What a page costs beside its bytes, about: in memory that it shares with others, and in memory of its own. */
const sharedCost = 150;
const ownCost = 500;
/** What pages that nobody asked for again may use together: this part of the whole. */
const newPart = 8;
/** Being asked for again while fewer new pages than this came is one use: that of a range, or of a turn. */
const oneUseMax = 64;
/** Of the pages that left, so many bytes' worth are remembered for each byte of the cache. */
const rememberedTimes = 4;

/**
 * Pages in memory, up to a limit in bytes, in two parts:
 *
 * ```
 *  written, or read for the first time ──▶ new pages, first in first out ──asked for since──▶ kept pages ──▶ out
 *                                               └──▶ out, remembered ──read again──────────────┘
 * ```
 *
 * So rows that are only written, and those that a restart, a compaction or a long range passes once, never use more than
 * an eighth of the memory, and never push out what requests ask for. The operating system still has them. A range asks
 * for a page once for each row in it, so what counts is to be asked for after some more pages have come.
 *
 * New pages lie side by side in larger pieces of memory, which go as a whole since they leave in the order in which
 * they came. Kept pages leave one by one, chosen by the clock algorithm, so each has memory of its own.
 * Pages that left stay valid for whoever holds them: the limit bounds what the cache itself keeps alive.
 *
 * Sources: S3-FIFO (Yang et al., SOSP 2023), with one bit per page in the place of its counters; correlated references,
 * O'Neil et al., "The LRU-K page replacement algorithm" (SIGMOD 1993).
 */
export class PageCache {
  readonly #newBytesMax: number;
  readonly #keptBytesMax: number;
  readonly #pageBytes: number;
  readonly #oneUse: number;
  /** Pages that came so far, and one. */
  #count = 1;
  #newBytes = 0;
  #keptBytes = 0;
  /** By page number; holes are undefined. */
  readonly #pages: (Page | undefined)[] = [];
  /** New pages in the order in which they came, from `#newHead` on; some were replaced meanwhile. */
  #new: (Page | undefined)[] = [];
  #newHead = 0;
  /** The clock's face; undefined in `#vacant` places. */
  readonly #face: (Page | undefined)[] = [];
  readonly #vacant: number[] = [];
  #hand = 0;
  /** A bit per page that left without having been asked for. */
  #remembered: Uint32Array = new Uint32Array(0);
  #rememberedCount = 0;

  /** @param pageBytes the usual size of a page. */
  constructor(bytesMax: number, pageBytes: number) {
    this.#newBytesMax = Math.floor(bytesMax / newPart);
    this.#keptBytesMax = bytesMax - this.#newBytesMax;
    this.#pageBytes = pageBytes;
    this.#oneUse = Math.min(oneUseMax, Math.floor(this.#newBytesMax / pageBytes / 4));
  }

  /** Bytes of the pages in the cache, with what is kept beside them. */
  get bytes(): number {
    return this.#newBytes + this.#keptBytes;
  }

  get(id: number): Page | undefined {
    const page = this.#pages[id];
    if (page !== undefined) page.used = this.#count;
    return page;
  }

  /** Whether the page was here not long ago, so that it is worth keeping: read it into memory of its own. */
  remembers(id: number): boolean {
    return id >>> 5 < this.#remembered.length && ((this.#remembered[id >>> 5] as number) & (1 << (id & 31))) !== 0;
  }

  /** Takes in a page that was written, or read for the first time. */
  add(page: Page): void {
    this.#forget(page.id);
    this.#removeOld(page.id);
    const cost = page.length + sharedCost;
    if (cost > this.#newBytesMax) return;
    while (this.#newBytes + cost > this.#newBytesMax) this.#shiftNew();
    this.#count += 1;
    page.came = this.#count;
    this.#pages[page.id] = page;
    this.#new.push(page);
    this.#newBytes += cost;
  }

  /** Takes in a page with memory of its own that was here before. */
  keep(page: Page): void {
    this.#forget(page.id);
    this.#removeOld(page.id);
    this.#insertKept(page);
  }

  #removeOld(id: number): void {
    // Filled one by one: an assignment far past the end would turn the array into a hash table.
    while (this.#pages.length <= id) this.#pages.push(undefined);
    const old = this.#pages[id];
    if (old === undefined) return;
    this.#pages[id] = undefined;
    if (old.slot >= 0) this.#leaveFace(old);
    // Its place among the new pages goes when it would have left.
    else this.#newBytes -= old.length + sharedCost;
  }

  /** Lets the oldest new page go, or keeps it if it was asked for. */
  #shiftNew(): void {
    const page = this.#new[this.#newHead] as Page;
    this.#new[this.#newHead] = undefined;
    this.#newHead += 1;
    if (this.#newHead * 2 > this.#new.length) {
      this.#new = this.#new.slice(this.#newHead);
      this.#newHead = 0;
    }
    if (this.#pages[page.id] !== page) return;
    this.#newBytes -= page.length + sharedCost;
    this.#pages[page.id] = undefined;
    if (page.used > page.came + this.#oneUse) this.#insertKept(page.copy());
    else this.#remember(page.id);
  }

  #insertKept(page: Page): void {
    const cost = page.length + ownCost;
    if (cost > this.#keptBytesMax) return;
    while (this.#keptBytes + cost > this.#keptBytesMax) this.#evictKept();
    page.slot = this.#vacant.pop() ?? this.#face.length;
    this.#face[page.slot] = page;
    this.#pages[page.id] = page;
    this.#keptBytes += cost;
  }

  #evictKept(): void {
    for (;;) {
      if (this.#hand >= this.#face.length) this.#hand = 0;
      const page = this.#face[this.#hand];
      this.#hand += 1;
      if (page === undefined) continue;
      if (page.used !== 0) {
        page.used = 0;
        continue;
      }
      this.#pages[page.id] = undefined;
      this.#leaveFace(page);
      return;
    }
  }

  #leaveFace(page: Page): void {
    this.#face[page.slot] = undefined;
    this.#vacant.push(page.slot);
    page.slot = -1;
    this.#keptBytes -= page.length + ownCost;
  }

  #remember(id: number): void {
    const most = (rememberedTimes * this.#keptBytesMax) / this.#pageBytes;
    if (this.#rememberedCount >= most) {
      this.#remembered.fill(0);
      this.#rememberedCount = 0;
    }
    const word = id >>> 5;
    if (word >= this.#remembered.length) {
      const grown = new Uint32Array(Math.max(64, 2 * word));
      grown.set(this.#remembered);
      this.#remembered = grown;
    }
    this.#remembered[word] = (this.#remembered[word] as number) | (1 << (id & 31));
    this.#rememberedCount += 1;
  }

  #forget(id: number): void {
    if (!this.remembers(id)) return;
    this.#remembered[id >>> 5] = (this.#remembered[id >>> 5] as number) & ~(1 << (id & 31));
    this.#rememberedCount -= 1;
  }
}
