import { invariant } from "@quorate/base";

/** Pages that one transaction stopped using: first page and length, alternating. */
interface Pending {
  readonly txid: number;
  readonly runs: number[];
  pages: number;
}

/**
 * Which pages may be written: a bit per page, and per transaction the pages it stopped using, which become free
 * only when no durable meta and no reader can reach them any more.
 */
export class Freelist {
  #bits: Uint32Array = new Uint32Array(64);
  #free = 0;
  #pendingPages = 0;
  readonly #pending: Pending[] = [];
  /** No free page lies in a lower word. */
  #lowestWord = 0;
  /** Runs of this length and above were looked for in vain since pages last became free. */
  #vainLength: number = Number.POSITIVE_INFINITY;

  /** Pages that can be handed out now. */
  get freePages(): number {
    return this.#free;
  }

  /** Pages that wait for readers or for a commit. */
  get pendingPages(): number {
    return this.#pendingPages;
  }

  /** Marks `count` pages from `first` on as free. */
  add(first: number, count: number): void {
    this.#reserve(first + count);
    const bits = this.#bits;
    for (let page = first; page < first + count; page++) {
      const word = page >>> 5;
      const mask = 1 << (page & 31);
      invariant(((bits[word] as number) & mask) === 0, "page is freed twice", () => ({ page }));
      bits[word] = (bits[word] as number) | mask;
    }
    this.#free += count;
    if (first >>> 5 < this.#lowestWord) this.#lowestWord = first >>> 5;
    this.#vainLength = Number.POSITIVE_INFINITY;
  }

  /** Notes that the transaction `txid` stopped using `count` pages from `first` on. */
  free(txid: number, first: number, count: number): void {
    invariant(first >= 2, "meta pages cannot be freed", () => ({ first }));
    let last = this.#pending[this.#pending.length - 1];
    if (last === undefined || last.txid !== txid) {
      invariant(last === undefined || last.txid < txid, "transactions free pages in order", () => ({ txid }));
      last = { txid, runs: [], pages: 0 };
      this.#pending.push(last);
    }
    last.runs.push(first, count);
    last.pages += count;
    this.#pendingPages += count;
  }

  /** Counts pages that are free or that transactions up to and including `txid` stopped using. */
  unusedPages(txid: number): number {
    let unused = this.#free;
    for (const pending of this.#pending) if (pending.txid <= txid) unused += pending.pages;
    return unused;
  }

  /** Makes free what transactions up to and including `txid` stopped using. */
  release(txid: number): void {
    let released = 0;
    for (const { txid: owner, runs } of this.#pending) {
      if (owner > txid) break;
      released += 1;
      for (let i = 0; i < runs.length; i += 2) {
        this.add(runs[i] as number, runs[i + 1] as number);
        this.#pendingPages -= runs[i + 1] as number;
      }
    }
    this.#pending.splice(0, released);
  }

  /**
   * Takes the lowest run of `count` free pages.
   *
   * @returns its first page, 0 when there is none.
   */
  allocate(count: number): number {
    if (count > this.#free || count >= this.#vainLength) return 0;
    const first = count === 1 ? this.#findOne() : this.#findRun(count);
    if (first === 0) {
      this.#vainLength = count;
      return 0;
    }
    for (let page = first; page < first + count; page++) {
      const word = page >>> 5;
      this.#bits[word] = (this.#bits[word] as number) & ~(1 << (page & 31));
    }
    this.#free -= count;
    return first;
  }

  #findOne(): number {
    const bits = this.#bits;
    for (let word = this.#lowestWord; word < bits.length; word++) {
      const set = bits[word] as number;
      if (set === 0) continue;
      this.#lowestWord = word;
      return word * 32 + (31 - Math.clz32(set & -set));
    }
    return 0;
  }

  #findRun(count: number): number {
    const bits = this.#bits;
    let length = 0;
    for (let word = this.#lowestWord; word < bits.length; word++) {
      const set = bits[word] as number;
      if (set === 0) {
        length = 0;
        continue;
      }
      for (let bit = 0; bit < 32; bit++) {
        length = (set & (1 << bit)) === 0 ? 0 : length + 1;
        if (length === count) return word * 32 + bit - count + 1;
      }
    }
    return 0;
  }

  #reserve(pages: number): void {
    const words = (pages + 31) >>> 5;
    if (words <= this.#bits.length) return;
    const grown = new Uint32Array(Math.max(words, this.#bits.length * 2));
    grown.set(this.#bits);
    this.#bits = grown;
  }
}
