/**
 * Configurations and their changes.
 *
 * | message | fields |
 * | --- | --- |
 * | `ConfState` | voters = 1, learners = 2, voters_outgoing = 3, learners_next = 4 (repeated, not packed), auto_leave = 5 |
 * | `ConfChange` | id = 1, type = 2, node_id = 3, context = 4 |
 * | `ConfChangeV2` | transition = 1, changes = 2, context = 3 |
 * | `ConfChangeSingle` | type = 1, node_id = 2 |
 *
 * Scalars are always written, lists and contexts unless empty.
 */
import { emptyBytes, type MemberId, noMember } from "@quorate/base";
import type {
  ConfChange,
  ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  ConfChangeV2,
  ConfState,
} from "../types.ts";
import { bytesSize, Cursor, idSize, putBytes, putId, putUvarint } from "./wire.ts";

/** The configuration without members. */
export const emptyConfState: ConfState = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export function confStateSize(state: ConfState): number {
  let size = 2;
  for (const id of state.voters) size += 1 + idSize(id);
  for (const id of state.learners) size += 1 + idSize(id);
  for (const id of state.votersOutgoing) size += 1 + idSize(id);
  for (const id of state.learnersNext) size += 1 + idSize(id);
  return size;
}

function writeIds(ids: readonly bigint[], tag: number, buffer: Uint8Array, at: number): number {
  let next = at;
  for (const id of ids) {
    buffer[next] = tag;
    next = putId(buffer, next + 1, id);
  }
  return next;
}

/** Writes `state` at `at` and returns where it ends. */
export function writeConfState(state: ConfState, buffer: Uint8Array, at: number): number {
  let next = writeIds(state.voters, 0x08, buffer, at);
  next = writeIds(state.learners, 0x10, buffer, next);
  next = writeIds(state.votersOutgoing, 0x18, buffer, next);
  next = writeIds(state.learnersNext, 0x20, buffer, next);
  buffer[next] = 0x28;
  buffer[next + 1] = state.autoLeave ? 1 : 0;
  return next + 2;
}

export function encodeConfState(state: ConfState): Uint8Array {
  const bytes = new Uint8Array(confStateSize(state));
  writeConfState(state, bytes, 0);
  return bytes;
}

/** @throws CorruptError */
export function decodeConfState(bytes: Uint8Array, where = "raftpb.ConfState"): ConfState {
  return readConfState(new Cursor(bytes, 0, bytes.length, where));
}

/** Reads a configuration that fills the cursor's message. */
export function readConfState(c: Cursor): ConfState {
  const lists: MemberId[][] = [[], [], [], []];
  let autoLeave = false;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    const list = lists[(tag >>> 3) - 1];
    const wireType = tag & 7;
    if (list !== undefined && (wireType === 0 || wireType === 2)) c.ids(tag, list);
    else if (tag === 0x28) autoLeave = c.bool();
    else c.skip(tag);
  }
  const [voters = [], learners = [], votersOutgoing = [], learnersNext = []] = lists;
  return { voters, learners, votersOutgoing, learnersNext, autoLeave };
}

export function encodeConfChange(change: ConfChange): Uint8Array {
  const { id, type, nodeId, context } = change;
  const contextSize = context.length === 0 ? 0 : 1 + bytesSize(context.length);
  const bytes = new Uint8Array(4 + idSize(id) + idSize(nodeId) + contextSize);
  bytes[0] = 0x08;
  let at = putId(bytes, 1, id);
  bytes[at] = 0x10;
  bytes[at + 1] = type;
  bytes[at + 2] = 0x18;
  at = putId(bytes, at + 3, nodeId);
  if (context.length !== 0) putBytes(bytes, at, 0x22, context);
  return bytes;
}

/**
 * Decodes the data of an entry of type `confChange`. `context` is a view of `bytes`.
 *
 * @throws CorruptError for malformed bytes or an unknown type.
 */
export function decodeConfChange(bytes: Uint8Array, where = "raftpb.ConfChange"): ConfChange {
  const c = new Cursor(bytes, 0, bytes.length, where);
  let id = 0n;
  let type = 0;
  let nodeId: bigint = noMember;
  let context = emptyBytes;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x08) id = c.id();
    else if (tag === 0x10) type = c.uint32();
    else if (tag === 0x18) nodeId = c.id();
    else if (tag === 0x22) context = c.bytes();
    else c.skip(tag);
  }
  return { id, type: checkedType(c, type), nodeId: nodeId as MemberId, context };
}

function checkedType(c: Cursor, type: number): ConfChangeType {
  if (type > 3) c.fail(`configuration change type ${type} is unknown`);
  return type as ConfChangeType;
}

const singleSize = (change: ConfChangeSingle): number => 3 + idSize(change.nodeId);

export function encodeConfChangeV2(change: ConfChangeV2): Uint8Array {
  const { transition, changes, context } = change;
  let size = 2 + (context.length === 0 ? 0 : 1 + bytesSize(context.length));
  for (const single of changes) size += 1 + bytesSize(singleSize(single));
  const bytes = new Uint8Array(size);
  bytes[0] = 0x08;
  bytes[1] = transition;
  let at = 2;
  for (const single of changes) {
    bytes[at] = 0x12;
    at = putUvarint(bytes, at + 1, singleSize(single));
    bytes[at] = 0x08;
    bytes[at + 1] = single.type;
    bytes[at + 2] = 0x10;
    at = putId(bytes, at + 3, single.nodeId);
  }
  if (context.length !== 0) putBytes(bytes, at, 0x1a, context);
  return bytes;
}

/**
 * Decodes the data of an entry of type `confChangeV2`; no bytes at all leave a joint configuration.
 * `context` is a view of `bytes`.
 *
 * @throws CorruptError for malformed bytes or unknown types.
 */
export function decodeConfChangeV2(bytes: Uint8Array, where = "raftpb.ConfChangeV2"): ConfChangeV2 {
  const c = new Cursor(bytes, 0, bytes.length, where);
  let transition = 0;
  const changes: ConfChangeSingle[] = [];
  let context = emptyBytes;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x08) transition = c.uint32();
    else if (tag === 0x12) changes.push(readSingle(c));
    else if (tag === 0x1a) context = c.bytes();
    else c.skip(tag);
  }
  if (transition > 2) c.fail(`transition ${transition} is unknown`);
  return { transition: transition as ConfChangeTransition, changes, context };
}

function readSingle(c: Cursor): ConfChangeSingle {
  const outer = c.enter();
  let type = 0;
  let nodeId: bigint = noMember;
  for (let tag = c.tag(); tag !== 0; tag = c.tag()) {
    if (tag === 0x08) type = c.uint32();
    else if (tag === 0x10) nodeId = c.id();
    else c.skip(tag);
  }
  c.leave(outer);
  return { type: checkedType(c, type), nodeId: nodeId as MemberId };
}
