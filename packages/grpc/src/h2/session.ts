/**
 * One HTTP/2 connection, as far as it is the same for both sides: what each frame means, and what of it is wrong.
 * Faults of the connection are thrown as ConnectionError, faults of a stream reset it.
 */
import type { Socket } from "node:net";
import { Connection, type SessionOptions } from "./connection.ts";
import {
  ConnectionError,
  defaultFrameBytes,
  ErrorCode,
  Flag,
  FrameType,
  Setting,
  streamIdMax,
  uint32At,
  windowMax,
} from "./frames.ts";
import { HeaderAssembly } from "./header-assembly.ts";
import { HpackDecoder, type HeaderList } from "./hpack-decoder.ts";
import type { Http2Stream } from "./stream.ts";

/** Larger frames, though allowed, would let one stream hold up the others. */
const frameBytesMaxUsed = 65_536;
/** Data that is dropped is an attack only when it comes in frames that cost more than what they carry. */
const smallFrameBytes = 256;

export abstract class Session extends Connection {
  protected readonly decoder: HpackDecoder;
  protected readonly assembly: HeaderAssembly;
  protected settingsSeen = false;
  #receiveWindow: number;
  #uncredited = 0;
  /** The stream whose DATA frame is being read; undefined when its data is dropped. */
  #dataStream: Http2Stream | undefined = undefined;
  #dataFlags = 0;
  /** Bytes of that frame not yet seen as data; in the end its padding. */
  #paddedLength = 0;
  #productiveFrames = 0;

  constructor(socket: Socket, options: SessionOptions) {
    super(socket, options);
    this.#receiveWindow = options.connectionWindowBytes;
    this.decoder = new HpackDecoder(options.headerBytesMax);
    this.assembly = new HeaderAssembly(options.headerBytesMax);
  }

  /** A whole header list arrived for a stream that may or may not exist. */
  protected abstract onHeaderList(streamId: number, list: HeaderList, endStream: boolean): void;
  /** Tells whether the peer or we could have opened the stream by now. */
  protected abstract isIdle(streamId: number): boolean;
  protected abstract onPing(): void;
  protected abstract onPingAck(bytes: Buffer, start: number): void;
  protected abstract onGoAway(lastStreamId: number, code: number, debug: string): void;
  protected abstract onPeerSetting(id: number, value: number): void;
  protected abstract onSettings(): void;
  /** Tells whether the stream was opened by the chunk that is being read. */
  protected abstract isFresh(stream: Http2Stream): boolean;

  // Frames

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (!this.settingsSeen && type !== FrameType.settings) {
      throw new ConnectionError(ErrorCode.protocolError, "the first frame is not SETTINGS");
    }
    if (this.assembly.streamId !== 0 && type !== FrameType.continuation) {
      throw new ConnectionError(ErrorCode.protocolError, "a header block is interrupted");
    }
    switch (type) {
      case FrameType.headers:
        this.#onHeaders(flags, streamId, bytes, start, end);
        return;
      case FrameType.windowUpdate:
        this.#onWindowUpdate(streamId, bytes, start, end);
        return;
      case FrameType.rstStream:
        this.#onRstStream(streamId, bytes, start, end);
        return;
      case FrameType.settings:
        this.#onSettings(flags, streamId, bytes, start, end);
        return;
      case FrameType.ping:
        this.#onPingFrame(flags, streamId, bytes, start, end);
        return;
      case FrameType.continuation:
        this.#onContinuation(flags, streamId, bytes, start, end);
        return;
      case FrameType.goAway:
        this.#onGoAwayFrame(streamId, bytes, start, end);
        return;
      case FrameType.priority:
        this.#onPriority(streamId, bytes, start, end);
        return;
      case FrameType.pushPromise:
        throw new ConnectionError(ErrorCode.protocolError, "PUSH_PROMISE was not allowed");
      default:
        this.#idleFrame();
    }
  }

  #idleFrame(): void {
    // What we have sent in the meantime may well be what the peer reacts to.
    if (this.sender.productiveFrames !== this.#productiveFrames) {
      this.#productiveFrames = this.sender.productiveFrames;
      this.guard.progress();
    }
    if (this.guard.idleFrame()) throw new ConnectionError(ErrorCode.enhanceYourCalm, "too many frames without a call");
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw new ConnectionError(ErrorCode.protocolError, "HEADERS on stream 0");
    let from = start;
    let to = end;
    if ((flags & (Flag.padded | Flag.priority)) !== 0) {
      const padded = (flags & Flag.padded) !== 0 ? 1 : 0;
      const priority = (flags & Flag.priority) !== 0 ? 5 : 0;
      if (end - start < padded + priority) throw new ConnectionError(ErrorCode.frameSizeError, "HEADERS is too short");
      if (padded === 1) to -= bytes[start] as number;
      from += padded + priority;
      if (to < from) throw new ConnectionError(ErrorCode.protocolError, "padding is longer than its frame");
      if (priority !== 0 && (uint32At(bytes, from - 5) & streamIdMax) === streamId) {
        throw new ConnectionError(ErrorCode.protocolError, "a stream depends on itself");
      }
    }
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) === 0) {
      this.assembly.begin(streamId, endStream, bytes, from, to);
      return;
    }
    this.onHeaderList(streamId, this.decoder.decode(bytes, from, to), endStream);
  }

  #onContinuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const { assembly } = this;
    if (assembly.streamId === 0 || assembly.streamId !== streamId) {
      throw new ConnectionError(ErrorCode.protocolError, "CONTINUATION without HEADERS");
    }
    assembly.append(bytes, start, end);
    if ((flags & Flag.endHeaders) === 0) return;
    const block = assembly.finish();
    this.onHeaderList(streamId, this.decoder.decode(block, 0, block.length), assembly.endStream);
  }

  onDataStart(flags: number, streamId: number, length: number): void {
    if (!this.settingsSeen || this.assembly.streamId !== 0) {
      throw new ConnectionError(ErrorCode.protocolError, "DATA where none may be");
    }
    if (streamId === 0) throw new ConnectionError(ErrorCode.protocolError, "DATA on stream 0");
    this.#takeWindow(length);
    this.#dataFlags = flags;
    const stream = this.streams.get(streamId);
    this.#dataStream = stream;
    if (stream === undefined) {
      if (this.isIdle(streamId)) throw new ConnectionError(ErrorCode.protocolError, "DATA on an idle stream");
      this.#onStrayData(streamId, length);
      return;
    }
    if (length > 0) this.guard.progress();
    else if ((flags & Flag.endStream) === 0) this.#idleFrame();
    if (stream.remoteClosed) {
      this.cutOff(stream, ErrorCode.streamClosed, "data behind the end of the stream");
      this.#dataStream = undefined;
      return;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) {
      this.cutOff(stream, ErrorCode.flowControlError, "more data than the window allows");
      this.#dataStream = undefined;
      return;
    }
    // Padding is consumed here; what is left of the frame is consumed by the stream.
    if ((flags & Flag.padded) !== 0) this.#paddedLength = length;
  }

  onDataPiece(bytes: Buffer, start: number, end: number): void {
    const stream = this.#dataStream;
    if (stream === undefined) return;
    const length = end - start;
    this.#paddedLength -= length;
    stream.receivedBytes += length;
    if (stream.declaredBytes >= 0 && stream.receivedBytes > stream.declaredBytes) {
      this.cutOff(stream, ErrorCode.protocolError, "more data than content-length");
      this.#dataStream = undefined;
      return;
    }
    stream.takeData(bytes, start, end);
  }

  onDataEnd(): void {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    const padding = this.#paddedLength;
    this.#paddedLength = 0;
    if (stream === undefined || !this.streams.has(stream.id)) return;
    if ((this.#dataFlags & Flag.endStream) !== 0) this.remoteEnd(stream);
    else if ((this.#dataFlags & Flag.padded) !== 0) this.consumed(stream, padding);
  }

  /** Ends the peer's half of the stream. */
  protected remoteEnd(stream: Http2Stream): void {
    if (stream.declaredBytes >= 0 && stream.receivedBytes !== stream.declaredBytes) {
      this.cutOff(stream, ErrorCode.protocolError, "less data than content-length");
      return;
    }
    stream.remoteClosed = true;
    if (stream.localClosed) this.remove(stream, "both");
    stream.takeEnd();
  }

  #takeWindow(length: number): void {
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.flowControlError, "more data than the connection's window allows");
    }
    this.#uncredited += length;
    if (this.#uncredited * 2 < this.options.connectionWindowBytes) return;
    this.sender.credit(0, this.#uncredited);
    this.#receiveWindow += this.#uncredited;
    this.#uncredited = 0;
  }

  /** The stream has used `bytes` of the data it got: the peer may send as many again. */
  consumed(stream: Http2Stream, bytes: number): void {
    if (stream.remoteClosed || (stream.localClosed && !this.streams.has(stream.id))) return;
    stream.uncredited += bytes;
    if (stream.uncredited * 2 < this.streamWindowBytes) return;
    this.sender.credit(stream.id, stream.uncredited);
    stream.receiveWindow += stream.uncredited;
    stream.uncredited = 0;
  }

  /** Data of a stream that exists no more. What we cut off may still have a window's worth under way. */
  #onStrayData(streamId: number, length: number): void {
    if (length < smallFrameBytes) this.#idleFrame();
    if (this.closedStreams.find(streamId) !== "us") this.sender.reset(streamId, ErrorCode.streamClosed);
  }

  #onWindowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw new ConnectionError(ErrorCode.frameSizeError, "WINDOW_UPDATE of a wrong size");
    const increment = uint32At(bytes, start) & windowMax;
    const { sender } = this;
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.protocolError, "a window update of nothing");
      sender.connectionWindow += increment;
      if (sender.connectionWindow > windowMax) {
        throw new ConnectionError(ErrorCode.flowControlError, "the connection's window is too large");
      }
      sender.pump();
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId))
        throw new ConnectionError(ErrorCode.protocolError, "a window update of an idle stream");
      this.#idleFrame();
      return;
    }
    if (increment === 0) {
      this.cutOff(stream, ErrorCode.protocolError, "a window update of nothing");
      return;
    }
    stream.sendWindow += increment;
    if (stream.sendWindow > windowMax) {
      this.cutOff(stream, ErrorCode.flowControlError, "the stream's window is too large");
      return;
    }
    if (stream.pendingBytes === 0) this.#idleFrame();
    sender.resume(stream);
    sender.pump();
  }

  #onRstStream(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw new ConnectionError(ErrorCode.frameSizeError, "RST_STREAM of a wrong size");
    if (this.isIdle(streamId)) throw new ConnectionError(ErrorCode.protocolError, "RST_STREAM of an idle stream");
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.#idleFrame();
      return;
    }
    if (this.isFresh(stream) && this.guard.rapidReset()) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "too many streams opened and reset");
    }
    this.sender.abandon(stream);
    this.remove(stream, "peer");
    stream.takeReset(uint32At(bytes, start), "the peer reset the stream", false);
  }

  #onPriority(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId === 0) throw new ConnectionError(ErrorCode.protocolError, "PRIORITY on stream 0");
    if (end - start !== 5) throw new ConnectionError(ErrorCode.frameSizeError, "PRIORITY of a wrong size");
    if ((uint32At(bytes, start) & streamIdMax) === streamId) {
      throw new ConnectionError(ErrorCode.protocolError, "a stream depends on itself");
    }
    this.#idleFrame();
  }

  #onPingFrame(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.protocolError, "PING on a stream");
    if (end - start !== 8) throw new ConnectionError(ErrorCode.frameSizeError, "PING of a wrong size");
    if ((flags & Flag.ack) !== 0) {
      this.onPingAck(bytes, start);
      return;
    }
    this.#idleFrame();
    this.sender.ping(true, bytes, start);
    this.onPing();
  }

  #onGoAwayFrame(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.protocolError, "GOAWAY on a stream");
    if (end - start < 8) throw new ConnectionError(ErrorCode.frameSizeError, "GOAWAY of a wrong size");
    const debug = bytes.toString("utf8", start + 8, end);
    this.onGoAway(uint32At(bytes, start) & streamIdMax, uint32At(bytes, start + 4), debug);
  }

  #onSettings(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError(ErrorCode.protocolError, "SETTINGS on a stream");
    const ack = (flags & Flag.ack) !== 0;
    if (ack ? end !== start : (end - start) % 6 !== 0) {
      throw new ConnectionError(ErrorCode.frameSizeError, "SETTINGS of a wrong size");
    }
    if (ack) return;
    if (this.settingsSeen) this.#idleFrame();
    this.settingsSeen = true;
    for (let at = start; at < end; at += 6) {
      this.#onSetting(((bytes[at] as number) << 8) | (bytes[at + 1] as number), uint32At(bytes, at + 2));
    }
    this.sender.settingsAck();
    this.sender.pump();
    this.onSettings();
  }

  #onSetting(id: number, value: number): void {
    const { sender } = this;
    switch (id) {
      case Setting.headerTableSize:
        sender.encoder.setPeerTableBytes(value);
        return;
      case Setting.initialWindowSize: {
        if (value > windowMax) throw new ConnectionError(ErrorCode.flowControlError, "the initial window is too large");
        const change = value - sender.initialWindow;
        sender.initialWindow = value;
        for (const stream of this.streams.values()) {
          stream.sendWindow += change;
          if (stream.sendWindow > windowMax) {
            throw new ConnectionError(ErrorCode.flowControlError, "a stream's window is too large");
          }
          if (change > 0) sender.resume(stream);
        }
        return;
      }
      case Setting.maxFrameSize:
        if (value < defaultFrameBytes || value > 0xff_ffff) {
          throw new ConnectionError(ErrorCode.protocolError, "the frame size is out of range");
        }
        sender.frameBytesMax = value < frameBytesMaxUsed ? value : frameBytesMaxUsed;
        return;
      default:
        this.onPeerSetting(id, value);
    }
  }
}
