// Generated from proto/kv.proto by `npm run gen`. Do not edit.
import type { LeaseId } from "@quorate/base";
import { emptyBytes } from "@quorate/base";
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";

/** `mvccpb.KeyValue` */
export interface KeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: LeaseId;
}

/** Returns a `KeyValue` with every field at its default. */
export function newKeyValue(): KeyValue {
  return {
    key: emptyBytes,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    value: emptyBytes,
    lease: 0n as LeaseId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeKeyValue(w: Writer, m: Partial<KeyValue>): void {
  if (m.lease !== undefined && m.lease !== 0n) {
    w.bigVarint(m.lease);
    w.uvarint(48);
  }
  if (m.value !== undefined && m.value.length > 0) {
    w.bytes(m.value);
    w.uvarint(42);
  }
  if (m.version !== undefined && m.version !== 0) {
    w.varint(m.version);
    w.uvarint(32);
  }
  if (m.modRevision !== undefined && m.modRevision !== 0) {
    w.varint(m.modRevision);
    w.uvarint(24);
  }
  if (m.createRevision !== undefined && m.createRevision !== 0) {
    w.varint(m.createRevision);
    w.uvarint(16);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeKeyValue(m: Partial<KeyValue>): Uint8Array {
  const w = startWriter();
  writeKeyValue(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readKeyValue(r: Reader, end: number): KeyValue {
  const m = newKeyValue();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.key = r.bytes();
        break;
      case 16:
        m.createRevision = r.int64();
        break;
      case 24:
        m.modRevision = r.int64();
        break;
      case 32:
        m.version = r.int64();
        break;
      case 42:
        m.value = r.bytes();
        break;
      case 48:
        m.lease = r.bigInt64() as LeaseId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeKeyValue(bytes: Uint8Array): KeyValue {
  const r = startReader(bytes);
  try {
    return readKeyValue(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `mvccpb.Event` */
export interface Event {
  type: number;
  kv: Uint8Array | undefined;
  prevKv: Uint8Array | undefined;
}

/** Returns a `Event` with every field at its default. */
export function newEvent(): Event {
  return {
    type: 0,
    kv: undefined,
    prevKv: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeEvent(w: Writer, m: Partial<Event>): void {
  if (m.prevKv !== undefined) {
    w.bytes(m.prevKv);
    w.uvarint(26);
  }
  if (m.kv !== undefined) {
    w.bytes(m.kv);
    w.uvarint(18);
  }
  if (m.type !== undefined && m.type !== 0) {
    w.varint(m.type);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeEvent(m: Partial<Event>): Uint8Array {
  const w = startWriter();
  writeEvent(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readEvent(r: Reader, end: number): Event {
  const m = newEvent();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.type = r.int32();
        break;
      case 18:
        m.kv = r.bytes();
        break;
      case 26:
        m.prevKv = r.bytes();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeEvent(bytes: Uint8Array): Event {
  const r = startReader(bytes);
  try {
    return readEvent(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `mvccpb.Event.EventType` */
export const EventType = {
  PUT: 0,
  DELETE: 1,
} as const;
