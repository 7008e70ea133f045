/**
 * The static Huffman code of HPACK (RFC 7541 §5.2, appendix B).
 *
 * The code is canonical: sorted by length, then by symbol, each code is the one before it plus one. So the lengths are
 * all that needs to be written down. Decoding walks an automaton four bits at a time.
 */

const digits = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Bits of the code of each symbol in base 36, 0 to 255 and the end-of-string symbol. */
const lengthDigits =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f5656566657766" +
  "6567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqq" +
  "srrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu";

const endOfString = 256;
const lengths = new Uint8Array(257);
const codes = new Uint32Array(257);

/**
 * The automaton: entry `state * 16 + nibble` is `next << 16 | flags << 8 | symbol`. A state is a node of the code tree
 * that is not a leaf; state 0 is the root. A nibble completes at most one symbol, as no code is shorter than five bits.
 */
const emits = 1;
const fails = 2;
/** States in which the string may end: the path from the root is shorter than eight bits, and all ones. */
let mayEnd: Uint8Array;
let transitions: Int32Array;

function assignCodes(): void {
  const order = Array.from({ length: 257 }, (_, symbol) => symbol);
  for (const symbol of order) lengths[symbol] = digits.indexOf(lengthDigits.charAt(symbol));
  order.sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  let code = 0;
  let length = lengths[order[0] as number] as number;
  for (const symbol of order) {
    const own = lengths[symbol] as number;
    code = code * 2 ** (own - length);
    length = own;
    codes[symbol] = code;
    code += 1;
  }
}

/** Builds the tree as child pairs: a value >= 0 is a node, -1 nothing, -2 - symbol a leaf. */
function buildTree(): number[] {
  const children = [-1, -1];
  for (let symbol = 0; symbol <= endOfString; symbol++) {
    const length = lengths[symbol] as number;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const slot = node * 2 + (((codes[symbol] as number) >>> bit) & 1);
      if (bit === 0) {
        children[slot] = -2 - symbol;
      } else {
        if (children[slot] === -1) {
          children[slot] = children.length / 2;
          children.push(-1, -1);
        }
        node = children[slot] as number;
      }
    }
  }
  return children;
}

function buildAutomaton(): void {
  const children = buildTree();
  const states = children.length / 2;
  transitions = new Int32Array(states * 16);
  for (let state = 0; state < states; state++) {
    for (let nibble = 0; nibble < 16; nibble++) transitions[state * 16 + nibble] = step(children, state, nibble);
  }
  mayEnd = new Uint8Array(states);
  let node = 0;
  for (let bits = 0; bits < 8; bits++) {
    mayEnd[node] = 1;
    node = children[node * 2 + 1] as number;
  }
}

function step(children: readonly number[], state: number, nibble: number): number {
  let node = state;
  let flags = 0;
  let symbol = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = children[node * 2 + ((nibble >>> bit) & 1)] as number;
    if (next === -2 - endOfString) return fails << 8;
    if (next <= -2) {
      flags = emits;
      symbol = -2 - next;
      node = 0;
    } else {
      node = next;
    }
  }
  return (node << 16) | (flags << 8) | symbol;
}

assignCodes();
buildAutomaton();

/**
 * Decodes `source[start, end)` into `target` from 0 on; `target` has room for `(end - start) * 8 / 5` bytes.
 *
 * @returns the number of bytes decoded, or -1 when the string is malformed: it holds the end-of-string symbol, or its
 *   padding is longer than seven bits or not all ones.
 */
export function huffmanDecode(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let state = 0;
  let length = 0;
  const table = transitions;
  for (let i = start; i < end; i++) {
    const byte = source[i] as number;
    let entry = table[state * 16 + (byte >>> 4)] as number;
    if ((entry & 0x300) !== 0) {
      if ((entry & 0x200) !== 0) return -1;
      target[length++] = entry & 0xff;
    }
    entry = table[(entry >>> 16) * 16 + (byte & 15)] as number;
    if ((entry & 0x300) !== 0) {
      if ((entry & 0x200) !== 0) return -1;
      target[length++] = entry & 0xff;
    }
    state = entry >>> 16;
  }
  return mayEnd[state] === 1 ? length : -1;
}

/** Returns how many bytes the Huffman form of `bytes` has. */
export function huffmanLength(bytes: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < bytes.length; i++) bits += lengths[bytes[i] as number] as number;
  return (bits + 7) >>> 3;
}

/** Writes the Huffman form of `bytes` at `at` and returns the offset behind it; `target` has `huffmanLength` room. */
export function huffmanEncode(bytes: Uint8Array, target: Uint8Array, at: number): number {
  let held = 0;
  let heldBits = 0;
  let to = at;
  for (let i = 0; i < bytes.length; i++) {
    const symbol = bytes[i] as number;
    let left = lengths[symbol] as number;
    const code = codes[symbol] as number;
    while (left > 0) {
      const take = left < 8 - heldBits ? left : 8 - heldBits;
      held = (held << take) | ((code >>> (left - take)) & ((1 << take) - 1));
      heldBits += take;
      left -= take;
      if (heldBits === 8) {
        target[to++] = held;
        held = 0;
        heldBits = 0;
      }
    }
  }
  if (heldBits > 0) target[to++] = (held << (8 - heldBits)) | (0xff >>> heldBits);
  return to;
}
