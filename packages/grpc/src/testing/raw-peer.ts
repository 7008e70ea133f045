/** A peer of frames: sends what a test wants sent, right or wrong, and takes apart what comes back. */
import { clientPreface, Flag, FrameType, putFrameHeader, putUint32 } from "../h2/frames.ts";
import { FrameReader } from "../h2/frame-reader.ts";
import { HpackDecoder } from "../h2/hpack-decoder.ts";
import { type FieldPairs, HpackEncoder } from "../h2/hpack-encoder.ts";
import type { FakeClock } from "./fake-clock.ts";
import type { FakeSocket } from "./fake-socket.ts";

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
  /** Of HEADERS: name to value. */
  readonly fields: Readonly<Record<string, string>>;
}

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  putFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, 9);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  putUint32(bytes, 0, value);
  return bytes;
}

/** A length-prefixed message. */
export function grpcMessage(body: Uint8Array, compressed = false): Buffer {
  return Buffer.concat([Buffer.from([compressed ? 1 : 0]), uint32(body.length), body]);
}

export function settingsFrame(...pairs: (readonly [number, number])[]): Buffer {
  const parts = pairs.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), uint32(value)]));
  return frame(FrameType.settings, 0, 0, Buffer.concat(parts));
}

export class RawPeer {
  readonly socket: FakeSocket;
  readonly clock: FakeClock;
  readonly encoder: HpackEncoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder(1 << 20);

  constructor(socket: FakeSocket, clock: FakeClock) {
    this.socket = socket;
    this.clock = clock;
  }

  /** Delivers bytes in one chunk. */
  send(...parts: Uint8Array[]): void {
    this.socket.emit("data", Buffer.concat(parts));
  }

  /** Sends preface and settings as a client does, and drops the answer. */
  greet(...settings: (readonly [number, number])[]): this {
    this.send(clientPreface, settingsFrame(...settings));
    this.receive();
    return this;
  }

  headers(streamId: number, fields: FieldPairs, flags: number = Flag.endHeaders): Buffer {
    return frame(FrameType.headers, flags, streamId, Buffer.from(this.encoder.encode(fields)));
  }

  /** The headers of a gRPC request. */
  request(streamId: number, path: string, extra: FieldPairs = []): Buffer {
    const fields = [":method", "POST", ":scheme", "http", ":path", path, ":authority", "test", "te", "trailers"];
    return this.headers(streamId, [...fields, "content-type", "application/grpc", ...extra]);
  }

  data(streamId: number, bytes: Uint8Array, endStream: boolean): Buffer {
    return frame(FrameType.data, endStream ? Flag.endStream : 0, streamId, bytes);
  }

  /** A whole unary request. */
  unary(streamId: number, path: string, body: Uint8Array, extra: FieldPairs = []): Buffer {
    return Buffer.concat([this.request(streamId, path, extra), this.data(streamId, grpcMessage(body), true)]);
  }

  /** Ends the turn and takes the frames that were sent since the last call; `preface` bytes before them are dropped. */
  receive(preface = 0): Frame[] {
    this.clock.turn();
    const frames: Frame[] = [];
    let data: Buffer[] = [];
    let head = { flags: 0, streamId: 0 };
    const reader = new FrameReader({
      onFrame: (type, flags, streamId, bytes, start, end) => {
        const payload = Buffer.from(bytes.subarray(start, end));
        const fields: Record<string, string> = {};
        if (type === FrameType.headers) {
          for (const field of this.#decoder.decode(payload, 0, payload.length).fields) fields[field.name] = field.value;
        }
        frames.push({ type, flags, streamId, payload, fields });
      },
      onDataStart: (flags, streamId) => {
        data = [];
        head = { flags, streamId };
      },
      onDataPiece: (bytes, start, end) => data.push(Buffer.from(bytes.subarray(start, end))),
      onDataEnd: () => frames.push({ type: FrameType.data, ...head, payload: Buffer.concat(data), fields: {} }),
    });
    reader.feed(this.socket.take().subarray(preface));
    return frames;
  }

  /** The error code of the GOAWAY among what was received, -1 when there is none. */
  goAwayCode(frames: readonly Frame[]): number {
    const last = frames.filter((one) => one.type === FrameType.goAway).at(-1);
    return last === undefined ? -1 : last.payload.readUInt32BE(4);
  }
}
