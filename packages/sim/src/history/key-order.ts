/** The end of a range that takes all keys from its begin on. */
const fromKey = "\0";

/**
 * Compares two keys by code point, as their UTF-8 bytes would be.
 *
 * JavaScript compares UTF-16 units, which puts the halves of a pair (U+D800 to U+DFFF) below U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    const leftIsHalf = left >= 0xd800 && left <= 0xdfff;
    const rightIsHalf = right >= 0xd800 && right <= 0xdfff;
    return leftIsHalf === rightIsHalf ? left - right : leftIsHalf ? 1 : -1;
  }
  return a.length - b.length;
}

/** The first place in sorted `keys` whose key is not below `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The places `[lo, hi)` in sorted `keys` of those that a range names. */
export function placesOf(
  keys: readonly string[],
  from: string,
  rangeEnd: string | undefined,
): { readonly lo: number; readonly hi: number } {
  const lo = lowerBound(keys, from);
  if (rangeEnd === undefined || rangeEnd === "") return { lo, hi: keys[lo] === from ? lo + 1 : lo };
  const hi = rangeEnd === fromKey ? keys.length : lowerBound(keys, rangeEnd);
  return { lo, hi: Math.max(lo, hi) };
}
