/** Joins the HEADERS and CONTINUATION frames of one header block, within bounds. */
import { ConnectionError, ErrorCode } from "./frames.ts";

/** A block in more frames than this is an attack, whatever its size. */
const framesMax = 64;

export class HeaderAssembly {
  readonly #bytesMax: number;
  /** The stream whose block is incomplete, 0 when there is none. */
  streamId = 0;
  endStream = false;
  #block: Buffer = Buffer.alloc(0);
  #length = 0;
  #frames = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Begins a block that its first frame does not complete. */
  begin(streamId: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.#length = 0;
    this.#frames = 0;
    this.append(bytes, start, end);
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.#frames += 1;
    const length = this.#length + end - start;
    if (length > this.#bytesMax || this.#frames > framesMax) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "the header block is too large");
    }
    if (this.#block.length < length) {
      const larger = Buffer.allocUnsafe(length * 2);
      larger.set(this.#block.subarray(0, this.#length));
      this.#block = larger;
    }
    bytes.copy(this.#block, this.#length, start, end);
    this.#length = length;
  }

  /** Ends the block; the result is valid until the next `begin`. */
  finish(): Buffer {
    this.streamId = 0;
    const block = this.#block.subarray(0, this.#length);
    this.#block = Buffer.alloc(0);
    return block;
  }
}
