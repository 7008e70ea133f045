import { CorruptError, emptyBytes } from "@quorate/base";

/** The longest frame that a stream may carry, etcd's limit for the message stream. */
export const frameBytesMax: number = 512 * 1024 * 1024;

/** So much is made room for as soon as a length announces it. */
const announcedBytesMax = 2 * 1024 * 1024;

/** How much memory for the start of a frame is kept from one frame to the next. */
const pendingBytesKept = 1024 * 1024;

/**
 * Cuts a stream into frames, wherever the chunks of the stream happen to end.
 *
 * A frame that lies in one chunk is read in place. The start of one that does not is collected in `pending`,
 * whose memory is used again unless it is large; what outlives `onFrame` is therefore copied by it.
 */
export abstract class FrameParser {
  #pending: Uint8Array = emptyBytes;
  #pendingBytes = 0;
  /** The frame has so many bytes or more, and it is not worth a look before they are there; set by `scan`. */
  protected needed = 0;

  /**
   * Returns where the frame that starts at `from` ends, or -1 after setting `needed` when it is not all there.
   * Called again with the same frame and more bytes, it may go on where it stopped.
   *
   * @throws CorruptError when these bytes cannot start a frame.
   */
  protected abstract scan(buffer: Uint8Array, from: number, to: number): number;

  /** Takes the frame `[from, to)`. `reused` says that the bytes will change after this call. */
  protected abstract onFrame(buffer: Uint8Array, from: number, to: number, reused: boolean): void;

  /**
   * Takes the next bytes of the stream, whose memory may be used again afterwards.
   *
   * @throws CorruptError when they do not follow the format; the stream is of no use then.
   */
  push(chunk: Uint8Array): void {
    let at = this.#pendingBytes === 0 ? 0 : this.#finishPending(chunk);
    while (at < chunk.length) {
      const end = this.scan(chunk, at, chunk.length);
      if (end === -1) {
        this.#append(at === 0 ? chunk : chunk.subarray(at));
        return;
      }
      this.onFrame(chunk, at, end, true);
      at = end;
    }
  }

  /** Completes the collected frame and returns where the next one starts in `chunk`: `pending` has room for the one frame. */
  #finishPending(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length) {
      const end = Math.min(chunk.length, at + this.needed - this.#pendingBytes);
      this.#append(chunk.subarray(at, end));
      at = end;
      if (this.#pendingBytes < this.needed) break;
      const pending = this.#pending;
      if (this.scan(pending, 0, this.#pendingBytes) === -1) continue;
      const size = this.#pendingBytes;
      this.#pendingBytes = 0;
      const reused = pending.length <= pendingBytesKept;
      if (!reused) this.#pending = emptyBytes;
      this.onFrame(pending, 0, size, reused);
      break;
    }
    return at;
  }

  #append(bytes: Uint8Array): void {
    const total = this.#pendingBytes + bytes.length;
    if (total > this.#pending.length) {
      // Beyond what a request may have, memory grows with what arrived, not with what a length announces.
      const announced = Math.min(this.needed, Math.max(announcedBytesMax, 4 * total));
      const larger = new Uint8Array(Math.max(total, announced, 2 * this.#pending.length));
      larger.set(this.#pending.subarray(0, this.#pendingBytes));
      this.#pending = larger;
    }
    this.#pending.set(bytes, this.#pendingBytes);
    this.#pendingBytes = total;
  }
}

/**
 * Reads 8 bytes, big-endian, as a counter.
 *
 * @throws CorruptError past the safe integers.
 */
export function counterAt(buffer: Uint8Array, at: number, where: string): number {
  const value = wordAt(buffer, at) * 0x1_0000_0000 + wordAt(buffer, at + 4);
  if (!Number.isSafeInteger(value)) throw new CorruptError(where, "a counter does not fit into 53 bits");
  return value;
}

function wordAt(buffer: Uint8Array, at: number): number {
  const high = ((buffer[at] as number) << 16) | ((buffer[at + 1] as number) << 8) | (buffer[at + 2] as number);
  return high * 0x100 + (buffer[at + 3] as number);
}

/** @throws CorruptError when a frame of `bytes` is over the limit. */
export function checkFrameSize(bytes: number, where: string): void {
  if (bytes > frameBytesMax) throw new CorruptError(where, "error limit exceeded");
}
