/**
 * The seal of a page: its last eight bytes, a mark and a checksum of all before it. bbolt has no checksums but in its meta
 * pages, and never looks behind the last element of a page, so it reads sealed pages like others; pages that it wrote
 * itself have none. A meta says whether all pages of its tree have seals, so that a page that lost its own is noticed, until
 * bbolt writes the next meta. Where one of its pages is full to the last byte, the mark differs from page to page, so that no
 * value is taken for a seal because it was copied from one.
 *
 * ```
 * page   header | elements … | keys and values … | unused | u32 mark ^ id | u32 checksum
 * ```
 */
export const sealBytes = 8;

/** Pages that hold content of `size` bytes, and the seal. */
export const pagesFor = (size: number, pageSize: number): number => Math.ceil((size + sealBytes) / pageSize);

export const sealMark = 0x6c61_6573;

const markAt = (words: Uint32Array, base: number): number => ((words[base >>> 2] as number) ^ sealMark) >>> 0;

/** Closes the page of `length` bytes that is composed at `base`. */
export function sealPage(words: Uint32Array, base: number, length: number): void {
  const end = (base + length - sealBytes) >>> 2;
  words[end] = markAt(words, base);
  words[end + 1] = checksum(words, base >>> 2, end);
}

/** Tells whether a page has a seal, broken or not. */
export function isSealed(words: Uint32Array, base: number, length: number): boolean {
  return words[(base + length - sealBytes) >>> 2] === markAt(words, base);
}

/** Tells whether a page that has a seal is not what was sealed. */
export function isSealBroken(words: Uint32Array, base: number, length: number): boolean {
  const end = (base + length - sealBytes) >>> 2;
  return words[end + 1] !== checksum(words, base >>> 2, end);
}

/**
 * A checksum of words, quicker than a CRC without the machine's help: four lanes, so that one multiplication need not
 * wait for another. Each step can be undone, so damage within one word is always noticed.
 */
function checksum(words: Uint32Array, from: number, to: number): number {
  let a = 0x243f6a88;
  let b = 0x85a308d3 | 0;
  let c = 0x13198a2e;
  let d = 0x03707344;
  let at = from;
  for (; at + 3 < to; at += 4) {
    a = mixed(a, words[at] as number);
    b = mixed(b, words[at + 1] as number);
    c = mixed(c, words[at + 2] as number);
    d = mixed(d, words[at + 3] as number);
  }
  for (; at < to; at++) a = mixed(a, words[at] as number);
  return mixed(mixed(mixed(a, b), c), d) >>> 0;
}

function mixed(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
}
