import { elementSize, pageHeaderSize } from "./format.ts";
import { type PageMemory, pageMemory } from "./page.ts";
import { pagesFor } from "./seal.ts";

/** From this size on, what rounding up to pages wastes is little beside a copy. */
const roomBytesMin = 64 * 1024;

/** Where the value begins on a leaf of one row. */
const valueStart = (keyBytes: number): number => pageHeaderSize + elementSize + keyBytes;

/**
 * Memory for large values with as much before and behind as the leaf of one row needs: such a leaf, header, key and seal, is
 * composed around the value where it lies, and megabytes are neither allocated twice nor copied.
 */
export class ValueRooms {
  readonly #pageSize: number;
  /** What no page was composed in yet. */
  readonly #free: WeakMap<ArrayBufferLike, PageMemory> = new WeakMap();

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Gives zeros for a value that is to be put with a key of `keyBytes`. */
  give(keyBytes: number, valueBytes: number): Uint8Array {
    if (valueBytes < roomBytesMin) return new Uint8Array(valueBytes);
    const start = valueStart(keyBytes);
    const memory = pageMemory(pagesFor(start + valueBytes, this.#pageSize) * this.#pageSize);
    this.#free.set(memory.bytes.buffer, memory);
    return memory.bytes.subarray(start, start + valueBytes);
  }

  /** Takes the memory around a value that was given, for the page that holds it and its key alone; the first one gets it. */
  take(key: Uint8Array, value: Uint8Array): PageMemory | undefined {
    if (value.length < roomBytesMin) return undefined;
    const memory = this.#free.get(value.buffer);
    const start = valueStart(key.length);
    const length = pagesFor(start + value.length, this.#pageSize) * this.#pageSize;
    if (memory?.bytes.length !== length || value.byteOffset !== start) return undefined;
    this.#free.delete(value.buffer);
    return memory;
  }
}
