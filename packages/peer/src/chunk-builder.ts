import { emptyBytes } from "@quorate/base";

/**
 * Collects frames and gives them out as one chunk of an HTTP/1.1 chunked body:
 *
 * ```
 * 0000002a CR LF | frames, 0x2a bytes | CR LF
 * ```
 *
 * Small pieces are copied into one block; large ones are passed on as they are, between slices of that block,
 * for a gathering write. The block is fresh each time, so nothing written waits for the socket to be done with it.
 */
export class ChunkBuilder {
  /** Where `reserve` gave room; valid until the next call. */
  scratch: Uint8Array = new Uint8Array(scratchBytes);
  /** How much of `scratch` is in use. */
  used = 0;
  #cuts: number[] = [];
  #large: Uint8Array[] = [];
  #largeBytes = 0;

  /** Bytes collected since the last `take`. */
  size(): number {
    return this.used + this.#largeBytes;
  }

  /** Makes room for `bytes` more at `used` in `scratch`; whoever fills it adds to `used`. */
  reserve(bytes: number): void {
    const needed = this.used + bytes;
    if (needed <= this.scratch.length) return;
    const larger = new Uint8Array(Math.max(needed, this.scratch.length * 2));
    larger.set(this.scratch.subarray(0, this.used));
    this.scratch = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.scratch[this.used++] = value;
  }

  /** Appends a counter as 8 bytes, big-endian. */
  counter(value: number): void {
    this.reserve(8);
    const high = Math.floor(value / 0x1_0000_0000);
    const scratch = this.scratch;
    let at = this.used;
    scratch[at++] = high >>> 24;
    scratch[at++] = high >>> 16;
    scratch[at++] = high >>> 8;
    scratch[at++] = high;
    scratch[at++] = value >>> 24;
    scratch[at++] = value >>> 16;
    scratch[at++] = value >>> 8;
    scratch[at++] = value;
    this.used = at;
  }

  /** Appends `bytes`, which nobody writes to until the socket has taken them. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length < largeFrom) {
      this.reserve(bytes.length);
      this.scratch.set(bytes, this.used);
      this.used += bytes.length;
      return;
    }
    this.#cuts.push(this.used);
    this.#large.push(bytes);
    this.#largeBytes += bytes.length;
  }

  /** Returns the parts of one chunk with all that was collected, and starts anew. At least one byte was collected. */
  take(): Uint8Array[] {
    const used = this.used;
    const block = Buffer.allocUnsafe(headBytes + used + 2);
    writeHead(block, used + this.#largeBytes);
    block.set(new Uint8Array(this.scratch.buffer, 0, used), headBytes);
    block[headBytes + used] = 0x0d;
    block[headBytes + used + 1] = 0x0a;
    const parts = this.#large.length === 0 ? [block] : this.#interleave(block);
    this.used = 0;
    if (this.scratch.length > scratchBytesKept) this.scratch = new Uint8Array(scratchBytes);
    return parts;
  }

  #interleave(block: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const [i, cut] of this.#cuts.entries()) {
      parts.push(block.subarray(from, headBytes + cut), this.#large[i] ?? emptyBytes);
      from = headBytes + cut;
    }
    parts.push(block.subarray(from));
    this.#cuts = [];
    this.#large = [];
    this.#largeBytes = 0;
    return parts;
  }
}

/** The size in eight hexadecimal digits, and a line end. */
const headBytes = 10;
/** Below this, a copy costs less than one more part of a gathering write. */
const largeFrom = 4096;
const scratchBytes = 16 * 1024;
const scratchBytesKept = 1024 * 1024;

function writeHead(block: Uint8Array, size: number): void {
  for (let digit = 0; digit < 8; digit++) {
    const nibble = (size >>> (28 - 4 * digit)) & 0xf;
    block[digit] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble;
  }
  block[8] = 0x0d;
  block[9] = 0x0a;
}
