/**
 * `raftpb.Message`, written as etcd 3.6 does: every scalar always, entries and context unless empty, the snapshot only
 * when there is one, fields in ascending order. Every version from 3.4 on reads this form.
 *
 * | no. | field | no. | field | no. | field |
 * | --- | --- | --- | --- | --- | --- |
 * | 1 | type | 6 | index | 11 | rejectHint |
 * | 2 | to | 7 | entries | 12 | context |
 * | 3 | from | 8 | commit | 13 | vote |
 * | 4 | term | 9 | snapshot | 14 | responses (never sent; ignored) |
 * | 5 | logTerm | 10 | reject | | |
 *
 * Worked example, the empty heartbeat that keeps a stream open:
 * `08 08 10 00 18 00 20 00 28 00 30 00 40 00 50 00 58 00 68 00`.
 */
import { emptyBytes, type MemberId, noMember } from "@quorate/base";
import { type Entry, type Message, MessageType, type Snapshot } from "../types.ts";
import { encodeEntry, entrySize, readEntry, writeEntry } from "./entry.ts";
import { readSnapshot, snapshotSize, writeSnapshot } from "./snapshot.ts";
import { bytesSize, Cursor, idSize, putBytes, putId, putUvarint, uvarintSize } from "./wire.ts";

const noEntries: readonly Entry[] = [];
const cursor: Cursor = new Cursor(emptyBytes, 0, 0, "");

/**
 * How many bytes `message` takes. Entries of an append are encoded by this call if they were not,
 * since the log file and the other streams need the same bytes.
 */
export function messageSize(message: Message): number {
  let size = 12 + idSize(message.to) + idSize(message.from) + idSize(message.vote);
  size += uvarintSize(message.term) + uvarintSize(message.logTerm) + uvarintSize(message.index);
  size += uvarintSize(message.commit) + uvarintSize(message.rejectHint);
  const append = message.type === MessageType.app;
  for (const entry of message.entries) {
    size += 1 + bytesSize(append ? encodeEntry(entry).length : entrySize(entry));
  }
  if (message.snapshot !== undefined) size += 1 + bytesSize(snapshotSize(message.snapshot));
  if (message.context.length !== 0) size += 1 + bytesSize(message.context.length);
  return size;
}

/** Writes `message` at `at`, splicing what entries have encoded, and returns where it ends; see `messageSize`. */
export function writeMessage(message: Message, buffer: Uint8Array, at: number): number {
  buffer[at] = 0x08;
  buffer[at + 1] = message.type;
  buffer[at + 2] = 0x10;
  let next = putId(buffer, at + 3, message.to);
  buffer[next] = 0x18;
  next = putId(buffer, next + 1, message.from);
  buffer[next] = 0x20;
  next = putUvarint(buffer, next + 1, message.term);
  buffer[next] = 0x28;
  next = putUvarint(buffer, next + 1, message.logTerm);
  buffer[next] = 0x30;
  next = putUvarint(buffer, next + 1, message.index);
  for (const entry of message.entries) {
    buffer[next] = 0x3a;
    next = putUvarint(buffer, next + 1, entrySize(entry));
    next = writeEntry(entry, buffer, next);
  }
  buffer[next] = 0x40;
  next = putUvarint(buffer, next + 1, message.commit);
  if (message.snapshot !== undefined) {
    buffer[next] = 0x4a;
    next = putUvarint(buffer, next + 1, snapshotSize(message.snapshot));
    next = writeSnapshot(message.snapshot, buffer, next);
  }
  buffer[next] = 0x50;
  buffer[next + 1] = message.reject ? 1 : 0;
  buffer[next + 2] = 0x58;
  next = putUvarint(buffer, next + 3, message.rejectHint);
  if (message.context.length !== 0) next = putBytes(buffer, next, 0x62, message.context);
  buffer[next] = 0x68;
  return putId(buffer, next + 1, message.vote);
}

export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(messageSize(message));
  writeMessage(message, bytes, 0);
  return bytes;
}

/**
 * Decodes a message of any etcd version in `[from, to)` of `bytes`: scalars may be absent, and the empty snapshot
 * that 3.4 and 3.5 put into every message is none.
 *
 * Byte strings, also those of entries, are views of `bytes`: the caller no longer writes to it. A type that
 * `MessageType` does not name is kept as it came, for raft to ignore.
 *
 * @throws CorruptError for malformed bytes or a counter past the safe integers.
 */
export function decodeMessage(
  bytes: Uint8Array,
  from = 0,
  to: number = bytes.length,
  where = "raftpb.Message",
): Message {
  const c = cursor;
  c.reset(bytes, from, to, where);
  let type = 0;
  let target: bigint = noMember;
  let sender: bigint = noMember;
  let term = 0;
  let logTerm = 0;
  let index = 0;
  let entries: Entry[] | undefined;
  let commit = 0;
  let snapshot: Snapshot | undefined;
  let reject = false;
  let rejectHint = 0;
  let context = emptyBytes;
  let vote: bigint = noMember;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    switch (tag) {
      case 0x08:
        type = c.uint32();
        break;
      case 0x10:
        target = c.id();
        break;
      case 0x18:
        sender = c.id();
        break;
      case 0x20:
        term = c.uvarint();
        break;
      case 0x28:
        logTerm = c.uvarint();
        break;
      case 0x30:
        index = c.uvarint();
        break;
      case 0x3a: {
        const outer = c.enter();
        if (entries === undefined) entries = [];
        entries.push(readEntry(c));
        c.leave(outer);
        break;
      }
      case 0x40:
        commit = c.uvarint();
        break;
      case 0x4a: {
        const outer = c.enter();
        snapshot = readSnapshot(c);
        c.leave(outer);
        break;
      }
      case 0x50:
        reject = c.bool();
        break;
      case 0x58:
        rejectHint = c.uvarint();
        break;
      case 0x62:
        context = c.bytes();
        break;
      case 0x68:
        vote = c.id();
        break;
      default:
        c.skip(tag);
    }
  }
  if (type !== MessageType.snap && snapshot !== undefined && isEmpty(snapshot)) snapshot = undefined;
  return {
    type: type as MessageType,
    to: target as MemberId,
    from: sender as MemberId,
    term,
    logTerm,
    index,
    entries: entries ?? noEntries,
    commit,
    snapshot,
    reject,
    rejectHint,
    context,
    vote: vote as MemberId,
  };
}

function isEmpty(snapshot: Snapshot): boolean {
  return snapshot.metadata.index === 0 && snapshot.data.length === 0;
}
