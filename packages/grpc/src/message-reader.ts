/**
 * Cuts the data of a stream into length-prefixed messages.
 *
 * ```
 *  0            1              5
 *  +------------+--------------+---------
 *  | compressed | length (32)  | message …
 *  +------------+--------------+---------
 * ```
 *
 * A message that lies in one chunk is handed over as a view of it. One that straddles chunks is gathered in a buffer
 * that grows with what really came, so that an announced length alone costs nothing.
 */
import { gunzipSync } from "node:zlib";
import { uint32At } from "./h2/frames.ts";
import { GrpcCode } from "./status.ts";

const prefixBytes = 5;
const firstBufferBytes = 16 * 1024;
/** Of whom so much has come the rest is believed, too: memory is made for the whole length. */
const trustedBytes = 128 * 1024;

/** Why the data of a stream cannot be read as messages. */
export interface MessageFault {
  readonly code: number;
  readonly message: string;
}

export interface MessageSink {
  /** A whole message. It may be a view of a larger chunk, which nobody writes to again. */
  takeMessage(message: Uint8Array): void;
  /** The data is not what it should be; the reader takes no more. */
  takeFault(fault: MessageFault): void;
}

export class MessageReader {
  readonly #sink: MessageSink;
  readonly #bytesMax: number;
  /** The value of grpc-encoding, undefined for none. */
  readonly #encoding: string | undefined;
  readonly #prefix: Buffer = Buffer.alloc(prefixBytes);
  #prefixHave = 0;
  #compressed = false;
  #length = -1;
  #buffer: Buffer | undefined = undefined;
  #have = 0;
  #faulty = false;

  constructor(sink: MessageSink, bytesMax: number, encoding: string | undefined) {
    this.#sink = sink;
    this.#bytesMax = bytesMax;
    this.#encoding = encoding;
  }

  /** Bytes held for a message that is not complete. */
  get heldBytes(): number {
    return this.#have;
  }

  /** True when no message is begun. */
  get atBoundary(): boolean {
    return this.#length < 0 && this.#prefixHave === 0;
  }

  feed(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.#faulty) {
      if (this.#length < 0) {
        at = this.#readPrefix(bytes, at, end);
        if (this.#length < 0) continue;
      }
      if (this.#buffer === undefined && end - at >= this.#length) {
        const message = bytes.subarray(at, at + this.#length);
        at += this.#length;
        this.#deliver(message);
      } else {
        at = this.#gather(bytes, at, end);
      }
    }
  }

  #readPrefix(bytes: Buffer, at: number, end: number): number {
    let from = at;
    if (this.#prefixHave === 0 && end - at >= prefixBytes) {
      this.#parsePrefix(bytes, at);
      return at + prefixBytes;
    }
    while (from < end && this.#prefixHave < prefixBytes) this.#prefix[this.#prefixHave++] = bytes[from++] as number;
    if (this.#prefixHave < prefixBytes) return from;
    this.#prefixHave = 0;
    this.#parsePrefix(this.#prefix, 0);
    // An empty message ends with its prefix, with which the data may end too.
    if (this.#length === 0 && from === end) this.#deliver(bytes.subarray(end, end));
    return from;
  }

  #parsePrefix(bytes: Buffer, at: number): void {
    const flag = bytes[at] as number;
    const length = uint32At(bytes, at + 1);
    if (flag > 1) {
      this.#fail(GrpcCode.internal, `grpc: received unexpected payload format ${flag}`);
    } else if (length > this.#bytesMax) {
      this.#fail(
        GrpcCode.resourceExhausted,
        `grpc: received message larger than max (${length} vs. ${this.#bytesMax})`,
      );
    } else if (flag === 1 && (this.#encoding === undefined || this.#encoding === "identity")) {
      this.#fail(GrpcCode.internal, "grpc: compressed flag set with identity or empty encoding");
    } else {
      this.#compressed = flag === 1;
      this.#length = length;
    }
  }

  #gather(bytes: Buffer, at: number, end: number): number {
    const missing = this.#length - this.#have;
    const take = missing < end - at ? missing : end - at;
    const buffer = this.#roomFor(this.#have + take);
    bytes.copy(buffer, this.#have, at, at + take);
    this.#have += take;
    if (this.#have === this.#length) this.#deliver(buffer.subarray(0, this.#length));
    return at + take;
  }

  #roomFor(length: number): Buffer {
    const old = this.#buffer;
    if (old !== undefined && old.length >= length) return old;
    let size = old === undefined ? firstBufferBytes : old.length;
    while (size < length) size *= size < trustedBytes ? 2 : 16;
    const larger = Buffer.allocUnsafeSlow(size < this.#length ? size : this.#length);
    if (old !== undefined) old.copy(larger, 0, 0, this.#have);
    this.#buffer = larger;
    return larger;
  }

  #deliver(message: Buffer): void {
    this.#length = -1;
    this.#buffer = undefined;
    this.#have = 0;
    if (!this.#compressed) {
      this.#sink.takeMessage(message);
      return;
    }
    const plain = this.#unzip(message);
    if (plain !== undefined) this.#sink.takeMessage(plain);
  }

  /** The output is bounded by the limit for messages, and so is the time this takes. */
  #unzip(message: Buffer): Buffer | undefined {
    try {
      return gunzipSync(message, { maxOutputLength: this.#bytesMax });
    } catch (error) {
      const tooLarge = error instanceof RangeError;
      if (tooLarge) {
        const text = `grpc: received message after decompression larger than max ${this.#bytesMax}`;
        this.#fail(GrpcCode.resourceExhausted, text);
      } else {
        this.#fail(GrpcCode.internal, `grpc: failed to decompress the received message: ${String(error)}`);
      }
      return undefined;
    }
  }

  #fail(code: number, message: string): void {
    this.#faulty = true;
    this.#buffer = undefined;
    this.#have = 0;
    this.#sink.takeFault({ code, message });
  }
}

/** Tells whether messages in this grpc-encoding can be read. */
export function canDecode(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === "identity" || encoding === "gzip";
}
