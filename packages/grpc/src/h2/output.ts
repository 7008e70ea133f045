/**
 * What waits to be written to one socket. Small things are copied into a chunk one behind the other, large ones are
 * kept as they are; at the end of the turn all of it leaves in one write.
 *
 * A chunk goes back to the pool when the kernel has taken all of it at once, which is the rule; otherwise the runtime
 * still refers to it, and it is left to the garbage collector.
 */
import type { Socket } from "node:net";

const chunkBytes = 4096;
const pooledChunksMax = 1024;
/** Copying less than this is cheaper than one more element in the write. */
const copiedBytesMax = 2048;

const pool: Buffer[] = [];
const noChunk: Buffer = Buffer.alloc(0);

export class Output {
  readonly #socket: Socket;
  /** The chunk under construction: `chunk[from, at)` is not yet among the parts. */
  #chunk: Buffer = noChunk;
  #from = 0;
  #at = 0;
  readonly #parts: Uint8Array[] = [];
  #partBytes = 0;
  /** All bytes ever handed to the socket. */
  bytesWritten = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that wait for the next flush. */
  get waitingBytes(): number {
    return this.#partBytes + this.#at - this.#from;
  }

  /** Bytes that wait for the next flush or for the kernel. */
  get unsentBytes(): number {
    return this.waitingBytes + this.#socket.writableLength;
  }

  /** Makes room for `length` bytes in one piece. Write them to the returned buffer from `advance(length)` on. */
  room(length: number): Buffer {
    if (this.#chunk.length - this.#at < length) this.#nextChunk(length);
    return this.#chunk;
  }

  /** Claims `length` bytes of the room and returns the offset of the first. */
  advance(length: number): number {
    const at = this.#at;
    this.#at = at + length;
    return at;
  }

  /** Appends `bytes`; large ones are not copied and must not change until they are sent. */
  put(bytes: Uint8Array): void {
    const length = bytes.length;
    if (length > copiedBytesMax) {
      this.#closePart();
      this.#parts.push(bytes);
      this.#partBytes += length;
      return;
    }
    const chunk = this.room(length);
    const at = this.advance(length);
    if (length <= 32) for (let i = 0; i < length; i++) chunk[at + i] = bytes[i] as number;
    else chunk.set(bytes, at);
  }

  /** Hands everything to the socket in one write. */
  flush(): void {
    const length = this.waitingBytes;
    if (length === 0) return;
    const socket = this.#socket;
    this.bytesWritten += length;
    if (this.#parts.length === 0) {
      socket.write(this.#chunk.subarray(this.#from, this.#at));
    } else {
      this.#closePart();
      socket.cork();
      for (const part of this.#parts) socket.write(part);
      socket.uncork();
      this.#parts.length = 0;
      this.#partBytes = 0;
    }
    if (this.#chunk.length === chunkBytes && pool.length < pooledChunksMax && socket.writableLength === 0) {
      pool.push(this.#chunk);
    }
    this.#chunk = noChunk;
    this.#from = 0;
    this.#at = 0;
  }

  /** Forgets what was not handed over. */
  drop(): void {
    this.#parts.length = 0;
    this.#partBytes = 0;
    this.#chunk = noChunk;
    this.#from = 0;
    this.#at = 0;
  }

  #closePart(): void {
    if (this.#at === this.#from) return;
    this.#parts.push(this.#chunk.subarray(this.#from, this.#at));
    this.#partBytes += this.#at - this.#from;
    this.#from = this.#at;
  }

  #nextChunk(length: number): void {
    this.#closePart();
    if (this.#partBytes > 0) this.#chunk = Buffer.allocUnsafeSlow(length > 4 * chunkBytes ? length : 4 * chunkBytes);
    else if (length > chunkBytes) this.#chunk = Buffer.allocUnsafeSlow(length);
    else this.#chunk = pool.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
    this.#from = 0;
    this.#at = 0;
  }
}
