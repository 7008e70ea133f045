/**
 * The `message` stream: one marshalled `raftpb.Message` after the other, each behind its length.
 *
 * ```
 * length, 8 bytes big-endian | message
 * 00 00 00 00 00 00 00 14    | 08 08 10 00 18 00 20 00 28 00 30 00 40 00 50 00 58 00 68 00   link heartbeat
 * ```
 */
import { emptyBytes, noMember } from "@quorate/base";
import { decodeMessage, type Message, MessageType, messageSize, writeMessage } from "@quorate/raft";
import type { ChunkBuilder } from "./chunk-builder.ts";
import { checkFrameSize, counterAt, FrameParser } from "./frame-parser.ts";
import { ownedBytes } from "./owned-bytes.ts";

/** Turns messages into the frames of one stream, of whose connection it may keep a state. */
export interface FrameEncoder {
  message(message: Message, out: ChunkBuilder): void;
  /** The frame that says "still here" and goes no further than the reader. */
  heartbeat(out: ChunkBuilder): void;
}

const linkHeartbeat: Message = {
  type: MessageType.heartbeat,
  to: noMember,
  from: noMember,
  term: 0,
  logTerm: 0,
  index: 0,
  entries: [],
  commit: 0,
  snapshot: undefined,
  reject: false,
  rejectHint: 0,
  context: emptyBytes,
  vote: noMember,
};

/** Appends the length of `message` and its bytes. */
export function writeLengthAndMessage(message: Message, out: ChunkBuilder): void {
  const size = messageSize(message);
  out.counter(size);
  out.reserve(size);
  out.used = writeMessage(message, out.scratch, out.used);
}

/** Encodes the message stream; it has no state. */
export const messageEncoder: FrameEncoder = {
  message: writeLengthAndMessage,
  heartbeat: (out) => writeLengthAndMessage(linkHeartbeat, out),
};

/** Decodes a message in `[from, to)`; its bytes are copied out in one piece where others will take their place. */
export function decodeOwned(buffer: Uint8Array, from: number, to: number, reused: boolean): Message {
  return decodeMessage(ownedBytes(buffer, from, to, reused));
}

/** Reads the message stream; link heartbeats go nowhere. */
export class MessageDecoder extends FrameParser {
  readonly #onMessage: (message: Message) => void;

  constructor(onMessage: (message: Message) => void) {
    super();
    this.#onMessage = onMessage;
  }

  protected override scan(buffer: Uint8Array, from: number, to: number): number {
    this.needed = 8;
    if (to - from < 8) return -1;
    const length = counterAt(buffer, from, "message stream");
    checkFrameSize(length, "message stream");
    this.needed = 8 + length;
    return to - from < this.needed ? -1 : from + this.needed;
  }

  protected override onFrame(buffer: Uint8Array, from: number, to: number, reused: boolean): void {
    const message = decodeOwned(buffer, from + 8, to, reused);
    const linkOnly = message.type === MessageType.heartbeat && message.from === noMember && message.to === noMember;
    if (!linkOnly) this.#onMessage(message);
  }
}
