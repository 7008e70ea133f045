/**
 * Cuts what a socket delivers into frames, without joining chunks: the payload of a DATA frame is passed on piece by
 * piece as it lies in the chunks, all other payloads are short and are copied only when they straddle chunks.
 *
 * ```
 *            ┌──────────────── payload complete ───────────────┐
 *            ▼                                                 │
 *   head ──► (other types) ──► payload ────────────────────────┤
 *     └────► (DATA) ──► [pad length] ──► data ──► [padding] ───┘
 * ```
 */
import {
  ConnectionError,
  defaultFrameBytes,
  ErrorCode,
  Flag,
  FrameType,
  frameHeaderBytes,
  uint32At,
} from "./frames.ts";

/** Takes frames. Chunks may be kept: nobody writes to them again. Each method may throw a ConnectionError. */
export interface FrameSink {
  /** A frame of any type but DATA; its payload is `bytes[start, end)`. */
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
  /** A DATA frame begins; `length` counts all of its payload, padding included. */
  onDataStart(flags: number, streamId: number, length: number): void;
  /** A part of the data of the frame that began last, padding excluded; never empty. */
  onDataPiece(bytes: Buffer, start: number, end: number): void;
  /** The frame that began last is complete. */
  onDataEnd(): void;
}

type State = "head" | "payload" | "padLength" | "data" | "padding" | "stopped";

export class FrameReader {
  readonly #sink: FrameSink;
  #state: State = "head";
  readonly #head: Buffer = Buffer.alloc(frameHeaderBytes);
  #headBytes = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Bytes of the current part of the payload still to come. */
  #left = 0;
  #padding = 0;
  #payload: Buffer = this.#head;
  #payloadBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Drops everything from here on, the rest of the chunk included. */
  stop(): void {
    this.#state = "stopped";
  }

  /** @throws ConnectionError when a frame is malformed; the reader must then be stopped. */
  feed(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    while (at < end) {
      switch (this.#state) {
        case "head":
          at = this.#readHead(chunk, at, end);
          break;
        case "data":
          at = this.#readData(chunk, at, end);
          break;
        case "payload":
          at = this.#readPayload(chunk, at, end);
          break;
        case "padLength":
          this.#readPadLength(chunk[at] as number);
          at += 1;
          break;
        case "padding": {
          const take = this.#left < end - at ? this.#left : end - at;
          at += take;
          this.#left -= take;
          if (this.#left === 0) this.#endData();
          break;
        }
        case "stopped":
          return;
      }
    }
  }

  #readHead(chunk: Buffer, at: number, end: number): number {
    if (this.#headBytes === 0 && end - at >= frameHeaderBytes) {
      this.#parseHead(chunk, at);
      return this.#begin(chunk, at + frameHeaderBytes, end);
    }
    let from = at;
    while (from < end && this.#headBytes < frameHeaderBytes) this.#head[this.#headBytes++] = chunk[from++] as number;
    if (this.#headBytes < frameHeaderBytes) return from;
    this.#headBytes = 0;
    this.#parseHead(this.#head, 0);
    return this.#begin(chunk, from, end);
  }

  #parseHead(bytes: Buffer, at: number): void {
    this.#left = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    this.#type = bytes[at + 3] as number;
    this.#flags = bytes[at + 4] as number;
    this.#streamId = uint32At(bytes, at + 5) & 0x7fff_ffff;
    if (this.#left > defaultFrameBytes) {
      throw new ConnectionError(ErrorCode.frameSizeError, `a frame of ${this.#left} bytes is over the limit`);
    }
  }

  /** Starts the payload at `at` and returns where reading goes on. */
  #begin(chunk: Buffer, at: number, end: number): number {
    if (this.#type === FrameType.data) {
      this.#sink.onDataStart(this.#flags, this.#streamId, this.#left);
      if (this.#state === "stopped") return end;
      this.#padding = 0;
      if ((this.#flags & Flag.padded) !== 0) {
        if (this.#left === 0) throw new ConnectionError(ErrorCode.frameSizeError, "a padded frame has no pad length");
        this.#state = "padLength";
      } else if (this.#left === 0) {
        this.#endData();
      } else {
        this.#state = "data";
      }
      return at;
    }
    const length = this.#left;
    if (end - at >= length) {
      this.#sink.onFrame(this.#type, this.#flags, this.#streamId, chunk, at, at + length);
      return at + length;
    }
    this.#payload = Buffer.allocUnsafe(length);
    this.#payloadBytes = 0;
    this.#state = "payload";
    return at;
  }

  #readPayload(chunk: Buffer, at: number, end: number): number {
    const missing = this.#left - this.#payloadBytes;
    const take = missing < end - at ? missing : end - at;
    chunk.copy(this.#payload, this.#payloadBytes, at, at + take);
    this.#payloadBytes += take;
    if (this.#payloadBytes === this.#left) {
      this.#state = "head";
      this.#sink.onFrame(this.#type, this.#flags, this.#streamId, this.#payload, 0, this.#left);
      this.#payload = this.#head;
    }
    return at + take;
  }

  #readPadLength(padding: number): void {
    if (padding >= this.#left) throw new ConnectionError(ErrorCode.protocolError, "padding is longer than its frame");
    this.#padding = padding;
    this.#left -= 1 + padding;
    this.#state = "data";
    if (this.#left === 0) this.#afterData();
  }

  #readData(chunk: Buffer, at: number, end: number): number {
    const take = this.#left < end - at ? this.#left : end - at;
    this.#left -= take;
    this.#sink.onDataPiece(chunk, at, at + take);
    if (this.#left === 0 && this.#state === "data") this.#afterData();
    return at + take;
  }

  #afterData(): void {
    this.#left = this.#padding;
    if (this.#left > 0) this.#state = "padding";
    else this.#endData();
  }

  #endData(): void {
    this.#state = "head";
    this.#sink.onDataEnd();
  }
}
