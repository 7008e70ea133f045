import { KeptPages, pageCost } from "./kept-pages.ts";
import type { Page, PageMemory } from "./page.ts";

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
 * they came; pages that are kept move to other pieces. Pages that left stay valid for whoever holds them: the limit
 * bounds what the cache itself keeps alive.
 *
 * Sources: S3-FIFO (Yang et al., SOSP 2023), with one bit per page in the place of its counters; correlated references,
 * O'Neil et al., "The LRU-K page replacement algorithm" (SIGMOD 1993).
 */
export class PageCache {
  readonly #newBytesMax: number;
  readonly #oneUse: number;
  readonly #rememberedMax: number;
  /** Pages that came so far, and one. */
  #count = 1;
  #newBytes = 0;
  /** By page number; holes are undefined. */
  readonly #pages: (Page | undefined)[] = [];
  /** New pages in the order in which they came, from `#newHead` on; some were replaced meanwhile. */
  #new: (Page | undefined)[] = [];
  #newHead = 0;
  readonly #kept: KeptPages;
  /** A bit per page that left without having been asked for. */
  #remembered: Uint32Array = new Uint32Array(0);
  #rememberedCount = 0;

  /** @param pageBytes the usual size of a page. */
  constructor(bytesMax: number, pageBytes: number) {
    this.#newBytesMax = Math.floor(bytesMax / newPart);
    this.#oneUse = Math.min(oneUseMax, Math.floor(this.#newBytesMax / pageBytes / 4));
    const keptBytesMax = bytesMax - this.#newBytesMax;
    this.#rememberedMax = keptBytesMax < pageBytes + pageCost ? 0 : (rememberedTimes * keptBytesMax) / pageBytes;
    this.#kept = new KeptPages(
      { bytesMax: keptBytesMax, pageBytes },
      {
        isShown: (page) => this.#pages[page.id] === page,
        onMoved: (page) => {
          this.#pages[page.id] = page;
        },
        onGone: (page) => {
          this.#pages[page.id] = undefined;
        },
      },
    );
  }

  /** Bytes of the pages in the cache, with what is kept beside them. */
  get bytes(): number {
    return this.#newBytes + this.#kept.bytes;
  }

  get(id: number): Page | undefined {
    const page = this.#pages[id];
    if (page !== undefined) page.used = this.#count;
    return page;
  }

  /** As `get`, but does not count as being asked for. */
  peek(id: number): Page | undefined {
    return this.#pages[id];
  }

  /** Takes in a page that was written, or read for the first time. */
  add(page: Page): void {
    this.#forget(page.id);
    this.#removeOld(page.id);
    const cost = page.length + pageCost;
    if (cost > this.#newBytesMax) return;
    while (this.#newBytes + cost > this.#newBytesMax) this.#shiftNew();
    this.#count += 1;
    page.came = this.#count;
    this.#pages[page.id] = page;
    this.#new.push(page);
    this.#newBytes += cost;
  }

  /** Whether the page was here not long ago, so that it is worth keeping: read it to `keptPlace`. */
  remembers(id: number): boolean {
    return id >>> 5 < this.#remembered.length && ((this.#remembered[id >>> 5] as number) & (1 << (id & 31))) !== 0;
  }

  /** Memory for a page without overflow, to be used by `keep` at once. */
  keptPlace(): PageMemory {
    return this.#kept.place();
  }

  /** Takes in a page that was here before; it lies in `keptPlace`, or has overflow. */
  keep(page: Page): void {
    this.#forget(page.id);
    this.#removeOld(page.id);
    if (page.overflow === 0) this.#kept.adopt(page);
    else this.#kept.insert(page);
  }

  /** Lets go of a page that no tree will have any more: having been asked for is no reason to keep it. */
  drop(id: number): void {
    this.#forget(id);
    this.#removeOld(id);
  }

  #removeOld(id: number): void {
    // Filled one by one: an assignment far past the end would turn the array into a hash table.
    while (this.#pages.length <= id) this.#pages.push(undefined);
    const old = this.#pages[id];
    if (old === undefined) return;
    this.#pages[id] = undefined;
    // Among the new pages its place, among the kept ones its memory goes when it would have left.
    if (old.came > 0) this.#newBytes -= old.length + pageCost;
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
    this.#newBytes -= page.length + pageCost;
    this.#pages[page.id] = undefined;
    if (page.used > page.came + this.#oneUse) this.#kept.insert(page);
    else this.#remember(page.id);
  }

  #remember(id: number): void {
    if (this.#rememberedMax === 0) return;
    if (this.#rememberedCount >= this.#rememberedMax) {
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
