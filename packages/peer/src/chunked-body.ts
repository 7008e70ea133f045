import { CorruptError } from "@quorate/base";

const where = "chunked body";
const cr = 0x0d;
const lf = 0x0a;
/** Longer lines, sizes with their extensions or trailers, are of no use to anybody. */
const lineBytesMax = 4096;
/** Sizes up to here are exact, and far beyond any chunk. */
const digitsMax = 12;

/**
 * Takes the chunked coding of HTTP/1.1 off a body: sizes, their extensions, and trailers.
 *
 * ```
 *   size --line, not 0--> data --all of it--> after --line--> size
 *     \--line, 0--> trailer --empty line--> over
 * ```
 */
export class ChunkedBody {
  readonly #onData: (bytes: Uint8Array) => void;
  #state: "size" | "data" | "after" | "trailer" | "over" = "size";
  /** Of the chunk that is being read, and what of it is to come. */
  #left = 0;
  #digits = 0;
  /** Past the digits of a size, in an extension. */
  #extension = false;
  /** Bytes of the line so far, without its end. */
  #line = 0;

  /** @param onData gets the data of each chunk, in pieces; the bytes are those that were pushed. */
  constructor(onData: (bytes: Uint8Array) => void) {
    this.#onData = onData;
  }

  /** Whether the end of the body was read. */
  get over(): boolean {
    return this.#state === "over";
  }

  /**
   * Takes the next bytes of the connection; those behind the end of the body are ignored.
   *
   * @throws CorruptError when they do not follow the coding.
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#state !== "over") {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = "after";
        this.#onData(bytes.subarray(at, end));
        at = end;
      } else {
        this.#onByte(bytes[at++] as number);
      }
    }
  }

  #onByte(byte: number): void {
    if (byte === lf) {
      this.#onLine();
      return;
    }
    if (byte === cr) return;
    if (++this.#line > lineBytesMax) throw new CorruptError(where, "a line is too long");
    if (this.#state === "after") throw new CorruptError(where, "a chunk is longer than its size");
    if (this.#state === "size" && !this.#extension) this.#onSizeByte(byte);
  }

  #onSizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > digitsMax) throw new CorruptError(where, "a chunk is too long");
      this.#left = this.#left * 16 + digit;
    } else if (byte === 0x3b || byte === 0x20 || byte === 0x09) {
      this.#extension = true;
    } else {
      throw new CorruptError(where, `invalid byte ${byte} in a chunk's size`);
    }
  }

  #onLine(): void {
    const isEmpty = this.#line === 0;
    this.#line = 0;
    if (this.#state === "after") {
      this.#state = "size";
    } else if (this.#state === "trailer") {
      if (isEmpty) this.#state = "over";
    } else {
      if (this.#digits === 0) throw new CorruptError(where, "a chunk has no size");
      this.#state = this.#left === 0 ? "trailer" : "data";
      this.#digits = 0;
      this.#extension = false;
    }
  }
}

/** The value of a hexadecimal digit, -1 for another byte. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
