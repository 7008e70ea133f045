import { CorruptError, compareBytes, type Disk, type DiskFile, toHex } from "@quorate/base";
import { freelistFlag, type Meta, pageHeaderSize, readU32, readU64 } from "./format.ts";
import { decodeBucket, type Page } from "./page.ts";
import { readMeta } from "./meta.ts";
import { Store } from "./store.ts";

/** Something wrong in a database file. */
export interface Problem {
  /** Undefined when it is not in one page. */
  readonly page: number | undefined;
  readonly message: string;
}

/**
 * Checks a whole database file: metas, the shape of every tree, order and bounds of all keys, that every page is reached
 * once or free once. Reads the file without a lock: nobody may write to it meanwhile.
 *
 * Stricter than bbolt's checker, which accepts branches with one child, leaves at different depths, and branch keys
 * below the first key of their child; of the last its next commit would make a broken tree.
 *
 * @throws DiskError when the file cannot be read.
 */
export function* check(disk: Disk, path: string): Generator<Problem, void, undefined> {
  const file = disk.open(path, "read");
  try {
    let meta: Meta;
    try {
      meta = readMeta(file);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      yield { page: undefined, message: error.message };
      return;
    }
    yield* new Checker(file, meta).run();
  } finally {
    file.close();
  }
}

const reachedBit = 1;
const freeBit = 2;

class Checker {
  readonly #store: Store;
  readonly #file: DiskFile;
  readonly #meta: Meta;
  /** Per page: reached, free. */
  readonly #seen: Uint8Array;

  constructor(file: DiskFile, meta: Meta) {
    this.#file = file;
    this.#meta = meta;
    this.#store = new Store(file, meta, { pageCacheBytesMax: 0, growBytes: 0 });
    this.#seen = new Uint8Array(meta.highWaterMark);
  }

  *run(): Generator<Problem, void, undefined> {
    yield* this.#readFreelist();
    yield* this.#tree(this.#meta.root);
    for (let page = 2; page < this.#meta.highWaterMark; page++) {
      const seen = this.#seen[page] as number;
      if (seen === (reachedBit | freeBit)) yield { page, message: `page ${page}: reachable freed` };
      // Without a stored freelist whatever is not reached is free.
      if (seen === 0 && this.#meta.freelist !== undefined) yield { page, message: `page ${page}: unreachable unfreed` };
    }
  }

  *#readFreelist(): Generator<Problem, void, undefined> {
    const first = this.#meta.freelist;
    if (first === undefined) return;
    const { pageSize, highWaterMark } = this.#meta;
    const head = new Uint8Array(pageSize);
    if (first < 2 || first >= highWaterMark || this.#file.readAt(head, first * pageSize) < pageSize) {
      yield { page: first, message: `page ${first}: the freelist is out of bounds` };
      return;
    }
    const pages = readU32(head, 12) + 1;
    const wrong = readU64(head, 0) !== first || (readU32(head, 8) & 0xffff) !== freelistFlag;
    if (wrong || first + pages > highWaterMark) {
      yield { page: first, message: `page ${first}: not a freelist` };
      return;
    }
    for (let page = first; page < first + pages; page++) this.#seen[page] = reachedBit;
    const whole = new Uint8Array(pages * pageSize);
    this.#file.readAt(whole, first * pageSize);
    yield* this.#freeIds(first, whole);
  }

  *#freeIds(first: number, list: Uint8Array): Generator<Problem, void, undefined> {
    let count = readU32(list, 8) >>> 16;
    let at = pageHeaderSize;
    if (count === 0xffff) {
      count = readU64(list, at);
      at += 8;
    }
    if (at + count * 8 > list.length) {
      yield { page: first, message: `page ${first}: the freelist does not hold its ${count} ids` };
      return;
    }
    for (let i = 0; i < count; i++, at += 8) {
      const page = readU64(list, at);
      if (page < 2 || page >= this.#meta.highWaterMark) {
        yield { page: first, message: `page ${page}: out of bounds: ${this.#meta.highWaterMark}` };
        continue;
      }
      if (((this.#seen[page] as number) & freeBit) !== 0) yield { page, message: `page ${page}: already freed` };
      this.#seen[page] = (this.#seen[page] as number) | freeBit;
    }
  }

  /** Checks a bucket that has pages of its own, and the buckets in it. */
  *#tree(root: number): Generator<Problem, void, undefined> {
    const depths: { leaf: number | undefined } = { leaf: undefined };
    yield* this.#node(root, undefined, undefined, 0, depths);
  }

  /** Checks the page `id` and what is below; keys must lie in [low, high). */
  *#node(
    id: number,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
    depth: number,
    depths: { leaf: number | undefined },
  ): Generator<Problem, void, undefined> {
    let page: Page;
    try {
      page = this.#store.readPage(id);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      yield { page: id, message: error.message };
      return;
    }
    let again = false;
    for (let part = id; part <= id + page.overflow; part++) {
      if (((this.#seen[part] as number) & reachedBit) !== 0) {
        again = true;
        yield { page: part, message: `page ${part}: multiple references` };
      }
      this.#seen[part] = (this.#seen[part] as number) | reachedBit;
    }
    // Going down again would repeat everything, or never end.
    if (again) return;
    yield* this.#keys(page, low, high);
    if (page.leaf) {
      if (depths.leaf === undefined) depths.leaf = depth;
      if (depths.leaf !== depth)
        yield { page: id, message: `page ${id}: leaves lie at depths ${depths.leaf} and ${depth}` };
      if (page.count === 0 && depth > 0) yield { page: id, message: `page ${id}: empty leaf` };
      yield* this.#nested(page);
      return;
    }
    if (page.count < 2) yield { page: id, message: `page ${id}: a branch has ${page.count} child` };
    for (let i = 0; i < page.count; i++) {
      const next = i + 1 < page.count ? page.key(i + 1) : high;
      yield* this.#node(page.child(i), page.key(i), next, depth + 1, depths);
    }
  }

  *#keys(page: Page, low: Uint8Array | undefined, high: Uint8Array | undefined): Generator<Problem, void, undefined> {
    const where = `page(${page.id})`;
    let previous: Uint8Array | undefined;
    for (let i = 0; i < page.count; i++) {
      const key = page.key(i);
      const name = `key[${i}]=(hex)${toHex(key)} on ${where}`;
      if (i === 0 && low !== undefined) {
        const order = compareBytes(key, low);
        const wrong = order < 0 ? ">=" : order > 0 ? "equal to" : undefined;
        if (wrong !== undefined) {
          const message = `the first ${name} needs to be ${wrong} the key in the ancestor (${toHex(low)})`;
          yield { page: page.id, message };
        }
      }
      if (previous !== undefined && compareBytes(key, previous) <= 0) {
        yield { page: page.id, message: `${name} needs to be > than previous element (${toHex(previous)})` };
      }
      if (high !== undefined && compareBytes(key, high) >= 0) {
        yield {
          page: page.id,
          message: `${name} needs to be < than key of the next element in ancestor (${toHex(high)})`,
        };
      }
      previous = key;
    }
  }

  *#nested(page: Page): Generator<Problem, void, undefined> {
    for (let i = 0; i < page.count; i++) {
      if (!page.isBucket(i)) continue;
      try {
        const { root } = decodeBucket(page.value(i), this.#file.path, this.#meta.highWaterMark);
        if (typeof root === "number") yield* this.#tree(root);
        else yield* this.#inline(root, page.id, i);
      } catch (error) {
        if (!(error instanceof CorruptError)) throw error;
        yield { page: page.id, message: `page ${page.id}: element ${i}: ${error.message}` };
      }
    }
  }

  *#inline(inline: Page, id: number, element: number): Generator<Problem, void, undefined> {
    for (const { message } of this.#keys(inline, undefined, undefined)) {
      yield { page: id, message: `page ${id}: inline bucket ${element}: ${message}` };
    }
    for (let i = 0; i < inline.count; i++) {
      if (inline.isBucket(i)) yield { page: id, message: `page ${id}: inline bucket ${element} holds a bucket` };
    }
  }
}
