/**
 * The sending half of a connection: frames, the peer's windows, and the turn-taking of streams that wait for window.
 *
 * Headers and control frames leave at once, in order. Data leaves at once when the windows allow it and nothing of the
 * stream waits; the rest is queued, and streams take turns frame by frame, so that a large answer does not hold up the
 * small ones behind it.
 */
import type { Socket } from "node:net";
import {
  defaultFrameBytes,
  defaultWindow,
  Flag,
  FrameType,
  frameHeaderBytes,
  putFrameHeader,
  putUint32,
} from "./frames.ts";
import { type FieldPairs, HpackEncoder } from "./hpack-encoder.ts";
import { Output } from "./output.ts";
import type { Http2Stream } from "./stream.ts";

/** Past this much unsent, data stays in its streams. */
const unsentBytesMax = 256 * 1024;
/** A writer is told to wait past this, and to go on below it. */
const streamPendingBytesMax = 64 * 1024;
const messagePrefixBytes = 5;

/** What the sender asks of its connection. */
export interface SenderOwner {
  /** Something waits in the output: flush it when the turn ends. */
  wantFlush(): void;
  /** The last frame of the stream has left. */
  onLocalEnd(stream: Http2Stream): void;
}

export class Sender {
  readonly encoder: HpackEncoder = new HpackEncoder();
  readonly output: Output;
  readonly #socket: Socket;
  readonly #owner: SenderOwner;
  /** Data the peer accepts on the connection as a whole. */
  connectionWindow: number = defaultWindow;
  /** The peer's window for new streams. */
  initialWindow: number = defaultWindow;
  frameBytesMax: number = defaultFrameBytes;
  /** Streams with data and window, in turn. */
  #queue: Http2Stream[] = [];
  #queueAt = 0;
  closed = false;
  /** DATA and HEADERS frames sent; tells whether a ping was provoked by what we sent. */
  productiveFrames = 0;

  constructor(socket: Socket, owner: SenderOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.output = new Output(socket);
  }

  /** Starts a frame of `length` bytes and returns the buffer; the payload goes to the returned `frameAt`. */
  #frame(length: number, type: number, flags: number, streamId: number): Buffer {
    const buffer = this.output.room(frameHeaderBytes + length);
    this.#payloadAt = this.output.advance(frameHeaderBytes + length) + frameHeaderBytes;
    putFrameHeader(buffer, this.#payloadAt - frameHeaderBytes, length, type, flags, streamId);
    this.#owner.wantFlush();
    return buffer;
  }
  #payloadAt = 0;

  #head(length: number, type: number, flags: number, streamId: number): void {
    const buffer = this.output.room(frameHeaderBytes);
    putFrameHeader(buffer, this.output.advance(frameHeaderBytes), length, type, flags, streamId);
  }

  settings(pairs: readonly (readonly [number, number])[]): void {
    const buffer = this.#frame(pairs.length * 6, FrameType.settings, 0, 0);
    let at = this.#payloadAt;
    for (const [id, value] of pairs) {
      buffer[at] = id >>> 8;
      buffer[at + 1] = id;
      putUint32(buffer, at + 2, value);
      at += 6;
    }
  }

  settingsAck(): void {
    this.#frame(0, FrameType.settings, Flag.ack, 0);
  }

  /** @param payload eight bytes at `bytes[start]`. */
  ping(ack: boolean, bytes: Uint8Array, start: number): void {
    const buffer = this.#frame(8, FrameType.ping, ack ? Flag.ack : 0, 0);
    for (let i = 0; i < 8; i++) buffer[this.#payloadAt + i] = bytes[start + i] as number;
  }

  reset(streamId: number, code: number): void {
    const buffer = this.#frame(4, FrameType.rstStream, 0, streamId);
    putUint32(buffer, this.#payloadAt, code);
  }

  credit(streamId: number, bytes: number): void {
    const buffer = this.#frame(4, FrameType.windowUpdate, 0, streamId);
    putUint32(buffer, this.#payloadAt, bytes);
  }

  goAway(lastStreamId: number, code: number, debug: string): void {
    const text = Buffer.from(debug, "utf8");
    const buffer = this.#frame(8 + text.length, FrameType.goAway, 0, 0);
    putUint32(buffer, this.#payloadAt, lastStreamId);
    putUint32(buffer, this.#payloadAt + 4, code);
    buffer.set(text, this.#payloadAt + 8);
  }

  /** Sends an encoded header block, cut into frames of the peer's size. */
  headerBlock(stream: Http2Stream, block: Uint8Array, endStream: boolean): void {
    if (this.closed) return;
    this.productiveFrames += 1;
    const ended = endStream ? Flag.endStream : 0;
    const max = this.frameBytesMax;
    if (block.length <= max) {
      this.#head(block.length, FrameType.headers, Flag.endHeaders | ended, stream.id);
      this.output.put(block);
    } else {
      // Large blocks are kept by reference by the output, and the encoder reuses its buffer: so a copy.
      const whole = Uint8Array.prototype.slice.call(block);
      for (let at = 0; at < whole.length; at += max) {
        const end = at + max < whole.length ? at + max : whole.length;
        const last = end === whole.length ? Flag.endHeaders : 0;
        if (at === 0) this.#head(end - at, FrameType.headers, last | ended, stream.id);
        else this.#head(end - at, FrameType.continuation, last, stream.id);
        this.output.put(whole.subarray(at, end));
      }
    }
    this.#owner.wantFlush();
    if (endStream) this.#localEnd(stream);
  }

  headers(stream: Http2Stream, fields: FieldPairs, endStream: boolean): void {
    if (this.closed) return;
    const block = this.encoder.encode(fields);
    // The output copies short blocks and keeps long ones, which the encoder would overwrite.
    this.headerBlock(stream, block.length > 1024 ? Uint8Array.prototype.slice.call(block) : block, endStream);
  }

  /**
   * Sends one length-prefixed message made of `parts`, or queues what finds no window.
   *
   * @returns false when the writer should wait for `takeDrain`.
   */
  message(stream: Http2Stream, parts: readonly Uint8Array[], length: number, endStream: boolean): boolean {
    if (this.closed || stream.localClosed) return true;
    const total = messagePrefixBytes + length;
    if (stream.pendingBytes === 0 && this.#fits(stream, total)) {
      this.productiveFrames += 1;
      const buffer = this.output.room(frameHeaderBytes + messagePrefixBytes);
      const at = this.output.advance(frameHeaderBytes + messagePrefixBytes);
      putFrameHeader(buffer, at, total, FrameType.data, endStream ? Flag.endStream : 0, stream.id);
      buffer[at + 9] = 0;
      putUint32(buffer, at + 10, length);
      for (let i = 0; i < parts.length; i++) this.output.put(parts[i] as Uint8Array);
      this.#spend(stream, total);
      this.#owner.wantFlush();
      if (endStream) this.#localEnd(stream);
      return true;
    }
    const prefix = Buffer.allocUnsafe(messagePrefixBytes);
    prefix[0] = 0;
    putUint32(prefix, 1, length);
    stream.pending.push(prefix);
    for (const part of parts) if (part.length > 0) stream.pending.push(part);
    return this.#enqueue(stream, total, endStream);
  }

  /** Sends bytes as they are (HTTP bodies); see `message`. */
  data(stream: Http2Stream, bytes: Uint8Array, endStream: boolean): boolean {
    if (this.closed || stream.localClosed) return true;
    if (bytes.length > 0) stream.pending.push(bytes);
    return this.#enqueue(stream, bytes.length, endStream);
  }

  /** Sends trailers behind all data of the stream, which ends with them. */
  trailers(stream: Http2Stream, fields: FieldPairs): void {
    if (this.closed || stream.localClosed) return;
    if (stream.pendingBytes === 0) {
      this.headers(stream, fields, true);
      return;
    }
    stream.ending = "trailers";
    stream.endFields = fields;
  }

  /** Tells whether a unary answer of `total` bytes can leave at once. */
  #fits(stream: Http2Stream, total: number): boolean {
    if (total > this.frameBytesMax) return false;
    if (total > stream.sendWindow || total > this.connectionWindow) return false;
    return this.output.unsentBytes < unsentBytesMax;
  }

  #spend(stream: Http2Stream, bytes: number): void {
    stream.sendWindow -= bytes;
    this.connectionWindow -= bytes;
  }

  #enqueue(stream: Http2Stream, bytes: number, endStream: boolean): boolean {
    stream.pendingBytes += bytes;
    if (endStream) stream.ending = "data";
    this.resume(stream);
    this.pump();
    if (stream.pendingBytes <= streamPendingBytesMax) return true;
    stream.wantsDrain = true;
    return false;
  }

  /** Puts the stream into the queue if it has something to send and window for it. */
  resume(stream: Http2Stream): void {
    if (stream.queued || stream.localClosed) return;
    if (stream.pendingBytes > 0 ? stream.sendWindow <= 0 : stream.ending !== "data") return;
    stream.queued = true;
    this.#queue.push(stream);
  }

  /** Sends what the windows and the socket take, one frame of each stream in turn. */
  pump(): void {
    while (this.#queueAt < this.#queue.length && !this.closed) {
      if (this.output.unsentBytes >= unsentBytesMax) return;
      const stream = this.#queue[this.#queueAt] as Http2Stream;
      if (this.connectionWindow <= 0 && stream.pendingBytes > 0) return;
      this.#queueAt += 1;
      stream.queued = false;
      if (!stream.localClosed) this.#sendFrame(stream);
      if (this.#queueAt > 64 && this.#queueAt * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#queueAt);
        this.#queueAt = 0;
      }
    }
    if (this.#queueAt === this.#queue.length) {
      this.#queue.length = 0;
      this.#queueAt = 0;
    }
  }

  #sendFrame(stream: Http2Stream): void {
    let length = stream.pendingBytes < this.frameBytesMax ? stream.pendingBytes : this.frameBytesMax;
    if (length > 0 && length > stream.sendWindow) length = stream.sendWindow;
    if (length > this.connectionWindow) length = this.connectionWindow;
    if (length < 0 || (length === 0 && stream.pendingBytes > 0)) return;
    const last = length === stream.pendingBytes && stream.ending === "data";
    this.productiveFrames += 1;
    this.#head(length, FrameType.data, last ? Flag.endStream : 0, stream.id);
    this.#takePending(stream, length);
    this.#spend(stream, length);
    this.#owner.wantFlush();
    if (stream.pendingBytes > 0) {
      this.resume(stream);
    } else if (last) {
      this.#localEnd(stream);
      return;
    } else if (stream.ending === "trailers") {
      this.headers(stream, stream.endFields ?? [], true);
      return;
    }
    if (stream.wantsDrain && stream.pendingBytes <= streamPendingBytesMax / 2) {
      stream.wantsDrain = false;
      stream.takeDrain();
    }
  }

  /** Moves `length` pending bytes into the output. */
  #takePending(stream: Http2Stream, length: number): void {
    const { pending } = stream;
    let left = length;
    while (left > 0) {
      const part = pending[stream.pendingAt] as Uint8Array;
      const from = stream.pendingOffset;
      const take = part.length - from < left ? part.length - from : left;
      this.output.put(take === part.length ? part : part.subarray(from, from + take));
      left -= take;
      stream.pendingOffset = from + take;
      if (stream.pendingOffset === part.length) {
        stream.pendingAt += 1;
        stream.pendingOffset = 0;
      }
    }
    stream.pendingBytes -= length;
    if (stream.pendingAt === pending.length) {
      pending.length = 0;
      stream.pendingAt = 0;
    } else if (stream.pendingAt > 64) {
      pending.splice(0, stream.pendingAt);
      stream.pendingAt = 0;
    }
  }

  /** Forgets what the stream still had to send. */
  abandon(stream: Http2Stream): void {
    stream.localClosed = true;
    stream.pending.length = 0;
    stream.pendingAt = 0;
    stream.pendingOffset = 0;
    stream.pendingBytes = 0;
  }

  #localEnd(stream: Http2Stream): void {
    stream.localClosed = true;
    this.#owner.onLocalEnd(stream);
  }

  /** Nothing more is sent; the socket is half-closed once what was written before has left. */
  end(): void {
    if (this.closed) return;
    this.output.flush();
    this.closed = true;
    if (!this.#socket.destroyed) this.#socket.end();
  }
}
