import { emptyBytes } from "@quorate/base";

const slabBytes = 64 * 1024;
/** Copies up to this size share a slab; the log drops neighbours at about the same time. */
const sharedMax = 4096;
/** Below this, a loop is faster than a view and a block copy. */
const loopMax = 48;

let slab: Uint8Array = emptyBytes;
let used = 0;

/**
 * Returns the bytes `[from, to)` for whoever keeps them: in place where they are most of memory that is not used again, else a copy, small ones
 * side by side in shared memory.
 */
export function ownedBytes(source: Uint8Array, from: number, to: number, reused: boolean): Uint8Array {
  const size = to - from;
  if (!reused && size > sharedMax && 2 * size >= source.buffer.byteLength) {
    return new Uint8Array(source.buffer, source.byteOffset + from, size);
  }
  if (size > sharedMax) {
    const copy = new Uint8Array(size);
    copy.set(new Uint8Array(source.buffer, source.byteOffset + from, size));
    return copy;
  }
  if (used + size > slab.length) {
    slab = new Uint8Array(slabBytes);
    used = 0;
  }
  const start = used;
  used += size;
  if (size > loopMax) {
    slab.set(new Uint8Array(source.buffer, source.byteOffset + from, size), start);
  } else {
    for (let i = 0; i < size; i++) slab[start + i] = source[from + i] as number;
  }
  return slab.subarray(start, used);
}
