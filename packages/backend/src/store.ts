import { CorruptError, type DiskFile, type FileLock, InvariantError } from "@quorate/base";
import { encodeMeta, freelistFlag, type Meta, pageHeaderSize, readU32 } from "./format.ts";
import { Freelist } from "./freelist.ts";
import { Page, type PageMemory, pageMemory } from "./page.ts";
import { PageCache } from "./page-cache.ts";
import { pagesFor, sealBytes } from "./seal.ts";
import { ValueRooms } from "./value-rooms.ts";

/** Memory for pages is taken from the platform in pieces of this size. */
const chunkBytes = 64 * 1024;

/** A run of pages that is shorter is written at once: to hand it to a thread would cost more. */
const threadBytesMin = 64 * 1024;

/** Readers of one tree: what the transactions after `txid` freed is kept for them. */
export interface Pin {
  readonly txid: number;
  count: number;
}

/** Pages that a commit writes, side by side in memory and in the file. */
interface Write {
  readonly first: number;
  pages: number;
  readonly buffer: Uint8Array;
  readonly from: number;
}

/** Where a page is to be composed. */
export interface PageSpace {
  readonly id: number;
  readonly overflow: number;
  /** Zeros from `base` on. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly base: number;
  readonly length: number;
}

/**
 * One open database file: pages through the cache, space, and the two steps of a commit. Trees are not its business.
 */
export class Store {
  readonly file: DiskFile;
  /** What errors call the file; a rename changes it. */
  path: string;
  readonly pageSize: number;
  readonly freelist: Freelist = new Freelist();
  readonly rooms: ValueRooms;
  lock: FileLock | undefined;
  /** The meta of the newest tree written, durable or not. */
  meta: Meta;
  /** The meta of the newest durable tree. */
  durable: Meta;
  /** By how much the file grows beyond what is needed. */
  growBytes: number;
  /** First page never used, counting what the commit under way took. */
  highWaterMark: number;
  readonly #cache: PageCache;
  #fileSize: number;
  readonly #pins: Pin[] = [];
  #writes: Write[] = [];
  /** Pages composed for the tree that is being built, and those of the newest tree that are not in the file yet. */
  #composed: Map<number, Page> = new Map();
  #unwritten: Map<number, Page> = new Map();
  /** Memory for a page that is only looked at. */
  readonly #looking: PageMemory;
  /** Memory that the next pages are read to, side by side. */
  #reading: PageMemory = pageMemory(0);
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkWords: Uint32Array = new Uint32Array(0);
  #chunkUsed = 0;
  /** What reads of the file fail with once it is closed. */
  #closedBy: Error | undefined;

  constructor(file: DiskFile, meta: Meta, options: { readonly pageCacheBytesMax: number; readonly growBytes: number }) {
    this.file = file;
    this.path = file.path;
    this.growBytes = options.growBytes;
    this.meta = meta;
    this.durable = meta;
    this.pageSize = meta.pageSize;
    this.rooms = new ValueRooms(meta.pageSize);
    this.highWaterMark = meta.highWaterMark;
    this.#looking = pageMemory(meta.pageSize);
    this.#cache = new PageCache(options.pageCacheBytesMax, meta.pageSize);
    this.#fileSize = file.size();
  }

  get cacheBytes(): number {
    return this.#cache.bytes;
  }

  /** Returns a page of the tree, from the cache or the file. */
  page(id: number): Page {
    return this.#cache.get(id) ?? this.#inMemory(id) ?? this.#load(id);
  }

  /** As `page`, for a look that keeps nothing: what it gives may change at the next call. */
  glance(id: number): Page {
    return this.#cache.peek(id) ?? this.#inMemory(id) ?? this.readPage(id, this.#looking);
  }

  /** As `page`, for a walk over many: a leaf is not taken into the cache, and does not count as asked for. */
  pass(id: number): Page {
    const there = this.#cache.peek(id) ?? this.#inMemory(id);
    if (there !== undefined) return there;
    const page = this.#readNew(id);
    if (!page.leaf) this.#cache.add(page);
    return page;
  }

  /** A page that the file does not hold yet. */
  #inMemory(id: number): Page | undefined {
    return this.#composed.get(id) ?? this.#unwritten.get(id);
  }

  #load(id: number): Page {
    const cache = this.#cache;
    if (cache.remembers(id)) {
      const page = this.readPage(id, cache.keptPlace());
      cache.keep(page);
      return page;
    }
    const page = this.#readNew(id);
    cache.add(page);
    return page;
  }

  /** Reads a page to memory where no other page was. */
  #readNew(id: number): Page {
    const { pageSize } = this;
    let memory = this.#reading;
    if (memory.base + pageSize > memory.bytes.length) memory = pageMemory(Math.max(chunkBytes, pageSize));
    const page = this.readPage(id, memory);
    // A page with overflow has memory of its own.
    const base = page.overflow > 0 ? memory.base : memory.base + pageSize;
    this.#reading = { bytes: memory.bytes, words: memory.words, base };
    return page;
  }

  /**
   * Reads a page from the file, past the cache.
   *
   * @param memory for one page; a page with overflow gets its own.
   * @throws CorruptError when it is not a branch or leaf page in good shape.
   */
  readPage(id: number, memory: PageMemory = pageMemory(this.pageSize)): Page {
    if (id < 2 || id >= this.highWaterMark) throw new CorruptError(this.path, `page ${id} is out of bounds`);
    let page = this.#readInto(id, memory, this.pageSize);
    this.#check(id, page.headerProblem(id, this.highWaterMark));
    if (page.overflow > 0) {
      const length = (page.overflow + 1) * this.pageSize;
      page = this.#readInto(id, pageMemory(length), length);
    }
    this.#check(id, page.problem(id, this.highWaterMark) ?? page.sealProblem(id, this.meta.sealed));
    return page;
  }

  #readInto(id: number, { bytes, words, base }: PageMemory, length: number): Page {
    const there = this.readAt(bytes.subarray(base, base + length), id * this.pageSize);
    if (there < length) throw new CorruptError(this.path, `page ${id}: the file ends inside it`);
    return new Page(bytes, words, base, length);
  }

  /** Reads bytes of the file as they are; returns how many were there. */
  readAt(target: Uint8Array, at: number): number {
    if (this.#closedBy !== undefined) throw this.#closedBy;
    return this.file.readAt(target, at);
  }

  #check(id: number, problem: string | undefined): void {
    if (problem === undefined) return;
    throw new CorruptError(this.path, `${problem} (at byte ${id * this.pageSize})`);
  }

  /** All pages of the tree were seen to be sealed, and those that come will be. */
  trustSeals(): void {
    this.meta = { ...this.meta, sealed: true };
    this.durable = { ...this.durable, sealed: true };
  }

  /** How many pages the freelist that the meta names occupies. */
  storedFreelistPages(): number {
    const first = this.meta.freelist;
    if (first === undefined) return 0;
    const head = new Uint8Array(pageHeaderSize);
    const there = this.file.readAt(head, first * this.pageSize);
    const pages = readU32(head, 12) + 1;
    const flags = readU32(head, 8) & 0xffff;
    if (there < head.length || flags !== freelistFlag || first < 2 || first + pages > this.highWaterMark) {
      throw new CorruptError(this.path, `page ${first}: not a freelist`);
    }
    return pages;
  }

  /** Protects every page that the newest tree written (or that of `txid`) reaches, until `unpin`. */
  pin(txid: number = this.meta.txid): Pin {
    for (let i = this.#pins.length - 1; i >= 0; i--) {
      const pin = this.#pins[i] as Pin;
      if (pin.txid === txid) {
        pin.count += 1;
        return pin;
      }
    }
    const pin: Pin = { txid, count: 1 };
    this.#pins.push(pin);
    return pin;
  }

  unpin(pin: Pin): void {
    pin.count -= 1;
    if (pin.count === 0) this.#pins.splice(this.#pins.indexOf(pin), 1);
  }

  get pinned(): number {
    let count = 0;
    for (const pin of this.#pins) count += pin.count;
    return count;
  }

  /** Notes that the transaction being built stopped using a page. Readers of earlier trees find it in the file. */
  freePage(page: Page): void {
    this.#cache.drop(page.id);
    this.freelist.free(this.meta.txid + 1, page.id, page.overflow + 1);
  }

  /**
   * Opens the books for writing the next tree. What a transaction freed may be written over only when both metas in the
   * file name later trees, so that either one can be fallen back to, and when no reader pinned an earlier tree.
   */
  beginWrites(): void {
    this.freelist.release(this.#oldestNeeded(this.meta.txid - 1));
  }

  /** Pages that neither the newest tree nor a reader needs; those of the last commits wait before they are used again. */
  unusedPages(): number {
    return this.freelist.unusedPages(this.#oldestNeeded(this.meta.txid));
  }

  /** The lowest transaction that a reader pinned, at most `txid`. */
  #oldestNeeded(txid: number): number {
    let oldest = txid;
    for (const pin of this.#pins) if (pin.txid < oldest) oldest = pin.txid;
    return oldest;
  }

  /** Bytes of content that fit on a page. */
  get pageRoom(): number {
    return this.pageSize - sealBytes;
  }

  /**
   * Gives space for a page whose content is `size` bytes long, and its seal; what is composed there gets written by the next `publish`.
   *
   * @param memory where it is to be, if that is decided.
   */
  allocate(size: number, memory?: PageMemory): PageSpace {
    const pages = pagesFor(size, this.pageSize);
    let id = this.freelist.allocate(pages);
    if (id === 0) {
      id = this.highWaterMark;
      this.highWaterMark += pages;
    }
    const length = pages * this.pageSize;
    if (memory !== undefined) {
      this.#writes.push({ first: id, pages, buffer: memory.bytes, from: memory.base });
      return { id, overflow: pages - 1, ...memory, length };
    }
    if (this.#chunkUsed + length > this.#chunk.length) {
      this.#chunkWords = new Uint32Array(Math.max(length, chunkBytes) >>> 2);
      this.#chunk = new Uint8Array(this.#chunkWords.buffer);
      this.#chunkUsed = 0;
    }
    const base = this.#chunkUsed;
    this.#chunkUsed += length;
    const last = this.#writes[this.#writes.length - 1];
    if (last !== undefined && last.first + last.pages === id && last.buffer === this.#chunk) last.pages += pages;
    else this.#writes.push({ first: id, pages, buffer: this.#chunk, from: base });
    return { id, overflow: pages - 1, bytes: this.#chunk, words: this.#chunkWords, base, length };
  }

  /** Takes in a composed page; until it is written it is read from here. */
  keep(space: PageSpace): void {
    const page = new Page(space.bytes, space.words, space.base, space.length);
    this.#composed.set(page.id, page);
    this.#cache.add(page);
  }

  /** Makes `root` the newest tree. Its pages are still to be written: `publish` does, before more are composed. */
  setTree(root: number, rootSequence: number): void {
    this.#chunk = new Uint8Array(0);
    this.#chunkUsed = 0;
    this.meta = {
      pageSize: this.pageSize,
      root,
      rootSequence,
      freelist: undefined,
      highWaterMark: this.highWaterMark,
      txid: this.meta.txid + 1,
      sealed: this.meta.sealed,
    };
  }

  /** Makes the newest tree durable: its pages first, then the meta that names it. */
  async publish(sync: boolean): Promise<void> {
    const meta = this.meta;
    await this.#writePages(meta.highWaterMark);
    if (sync) await this.file.sync();
    this.file.writeAt(encodeMeta(meta, meta.txid % 2), (meta.txid % 2) * this.pageSize);
    if (sync) await this.file.sync();
    this.durable = meta;
  }

  /** Writes the composed pages, in ascending order. */
  async #writePages(highWaterMark: number): Promise<void> {
    const pageSize = this.pageSize;
    const needed = highWaterMark * pageSize;
    if (needed > this.#fileSize) {
      this.#fileSize = needed + (this.growBytes === 0 ? 0 : pageSize + this.growBytes);
      this.file.truncate(this.#fileSize);
    }
    const writes = this.#writes.sort((a, b) => a.first - b.first);
    this.#writes = [];
    this.#unwritten = this.#composed;
    this.#composed = new Map();
    for (let i = 0; i < writes.length; ) {
      const first = (writes[i] as Write).first;
      const parts: Uint8Array[] = [];
      let next = first;
      for (; i < writes.length && (writes[i] as Write).first === next; i++) {
        const { buffer, from, pages } = writes[i] as Write;
        parts.push(buffer.subarray(from, from + pages * pageSize));
        next += pages;
      }
      if ((next - first) * pageSize >= threadBytesMin) await this.file.writeAllAt(parts, first * pageSize);
      else this.#writeShort(parts, first * pageSize);
    }
    this.#unwritten = new Map();
  }

  #writeShort(parts: readonly Uint8Array[], from: number): void {
    let at = from;
    for (const part of parts) {
      this.file.writeAt(part, at);
      at += part.length;
    }
  }

  /** @param reason what reads that come later fail with, unless the page is in memory. */
  close(reason: Error = new InvariantError(`${this.path}: the database is closed`)): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = reason;
    this.lock?.release();
    this.lock = undefined;
    this.file.close();
  }
}
