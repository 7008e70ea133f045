/**
 * The `msgapp` stream: appends only, with what both sides know left out. Integers are 8 bytes, big-endian.
 *
 * ```
 * 00                                                        link heartbeat
 * 01 | count | count x (length | raftpb.Entry) | commit     entries that continue the append before
 * 02 | length | raftpb.Message                              a whole append
 * ```
 *
 * Both sides keep, for each connection, the term and index of the entry that the next append is expected to follow,
 * 0 and 0 at first. Worked example, a commit index of 5 and nothing new:
 * `01 0000000000000000 0000000000000005`.
 */
import { CorruptError, emptyBytes, type LogIndex, type MemberId, noMember, type Term } from "@quorate/base";
import { decodeEntry, type Entry, encodeEntry, type Message, MessageType } from "@quorate/raft";
import type { ChunkBuilder } from "./chunk-builder.ts";
import { checkFrameSize, counterAt, FrameParser } from "./frame-parser.ts";
import { decodeOwned, type FrameEncoder, writeLengthAndMessage } from "./message-codec.ts";
import { ownedBytes } from "./owned-bytes.ts";

const where = "msgapp stream";
const kindHeartbeat = 0;
const kindEntries = 1;
const kindMessage = 2;

/** The index that the next append follows when `message` was the last. */
function lastIndexOf(message: Message): LogIndex {
  const last = message.entries[message.entries.length - 1];
  return last === undefined ? message.index : last.index;
}

/** Encodes one connection's appends. */
export class MsgAppEncoder implements FrameEncoder {
  #term: Term = 0;
  #index: LogIndex = 0;

  heartbeat(out: ChunkBuilder): void {
    out.byte(kindHeartbeat);
  }

  message(message: Message, out: ChunkBuilder): void {
    const continues =
      this.#index === message.index && this.#term === message.logTerm && message.logTerm === message.term;
    if (!continues) {
      out.byte(kindMessage);
      writeLengthAndMessage(message, out);
      this.#term = message.term;
      this.#index = lastIndexOf(message);
      return;
    }
    const entries = message.entries;
    out.byte(kindEntries);
    out.counter(entries.length);
    for (const entry of entries) {
      const encoded = encodeEntry(entry);
      out.counter(encoded.length);
      out.bytes(encoded);
    }
    out.counter(message.commit);
    this.#index += entries.length;
  }
}

/** Decodes one connection's appends; link heartbeats go nowhere. */
export class MsgAppDecoder extends FrameParser {
  readonly #to: MemberId;
  readonly #from: MemberId;
  readonly #onMessage: (message: Message) => void;
  #term: Term = 0;
  #index: LogIndex = 0;
  /** How far into an unfinished frame of entries `scan` has come; 0 before it. */
  #scanned = 0;
  #entriesLeft = 0;

  /** @param from the member at the other end. @param to this member. */
  constructor(from: MemberId, to: MemberId, onMessage: (message: Message) => void) {
    super();
    this.#from = from;
    this.#to = to;
    this.#onMessage = onMessage;
  }

  protected override scan(buffer: Uint8Array, from: number, to: number): number {
    const kind = buffer[from];
    if (kind === kindHeartbeat) return from + 1;
    if (kind !== kindEntries && kind !== kindMessage) {
      throw new CorruptError(where, `failed to parse type ${kind} in msgappv2 stream`);
    }
    this.needed = 9;
    if (to - from < 9) return -1;
    if (kind === kindEntries) return this.#scanEntries(buffer, from, to);
    const length = counterAt(buffer, from + 1, where);
    checkFrameSize(length, where);
    this.needed = 9 + length;
    return to - from < this.needed ? -1 : from + this.needed;
  }

  #scanEntries(buffer: Uint8Array, from: number, to: number): number {
    if (this.#scanned === 0) {
      this.#scanned = 9;
      this.#entriesLeft = counterAt(buffer, from + 1, where);
    }
    const have = to - from;
    let scanned = this.#scanned;
    let left = this.#entriesLeft;
    let needed = scanned + 8;
    while (left > 0 && have >= needed) {
      const next = needed + counterAt(buffer, from + scanned, where);
      checkFrameSize(next, where);
      if (next > have) {
        needed = next;
        break;
      }
      scanned = next;
      needed = next + 8;
      left--;
    }
    if (left === 0 && have >= needed) {
      this.#scanned = 0;
      return from + needed;
    }
    // The lengths of the others and the commit index come in any case: memory that is made now has room for them.
    needed += 8 * left;
    checkFrameSize(needed, where);
    this.#scanned = scanned;
    this.#entriesLeft = left;
    this.needed = needed;
    return -1;
  }

  protected override onFrame(buffer: Uint8Array, from: number, to: number, reused: boolean): void {
    switch (buffer[from]) {
      case kindHeartbeat:
        return;
      case kindEntries:
        this.#onMessage(this.#continued(buffer, from, to, reused));
        return;
      default: {
        const message = decodeOwned(buffer, from + 9, to, reused);
        this.#term = message.term;
        this.#index = lastIndexOf(message);
        this.#onMessage(message);
      }
    }
  }

  #continued(buffer: Uint8Array, from: number, to: number, reused: boolean): Message {
    const count = counterAt(buffer, from + 1, where);
    const commit = counterAt(buffer, to - 8, where);
    const entries = count === 0 ? [] : entriesOf(ownedBytes(buffer, from + 9, to - 8, reused), count);
    const previous = this.#index;
    this.#index += count;
    return {
      type: MessageType.app,
      to: this.#to,
      from: this.#from,
      term: this.#term,
      logTerm: this.#term,
      index: previous,
      entries,
      commit,
      snapshot: undefined,
      reject: false,
      rejectHint: 0,
      context: emptyBytes,
      vote: noMember,
    };
  }
}

/** Reads `count` entries behind their lengths; they keep `owned`. */
function entriesOf(owned: Uint8Array, count: number): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 8;
    at = start + counterAt(owned, at, where);
    entries.push(decodeEntry(owned, start, at));
  }
  return entries;
}
