// Generated from proto/legacy.proto by `npm run gen`. Do not edit.
import type { ClusterId, MemberId, RequestId } from "@quorate/base";
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";

/** `etcdserverpb.Metadata` */
export interface Metadata {
  nodeId: MemberId;
  clusterId: ClusterId;
}

/** Returns a `Metadata` with every field at its default. */
export function newMetadata(): Metadata {
  return {
    nodeId: 0n as MemberId,
    clusterId: 0n as ClusterId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMetadata(w: Writer, m: Partial<Metadata>): void {
  {
    w.bigVarint(m.clusterId ?? 0n as ClusterId);
    w.uvarint(16);
  }
  {
    w.bigVarint(m.nodeId ?? 0n as MemberId);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMetadata(m: Partial<Metadata>): Uint8Array {
  const w = startWriter();
  writeMetadata(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMetadata(r: Reader, end: number): Metadata {
  const m = newMetadata();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.nodeId = r.bigUint64() as MemberId;
        break;
      case 16:
        m.clusterId = r.bigUint64() as ClusterId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  const r = startReader(bytes);
  try {
    return readMetadata(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.Request` */
export interface Request {
  id: RequestId;
  method: string;
  path: string;
  val: string;
  dir: boolean;
  prevValue: string;
  prevIndex: number;
  prevExist: boolean | undefined;
  expiration: number;
  wait: boolean;
  since: number;
  recursive: boolean;
  sorted: boolean;
  quorum: boolean;
  time: number;
  stream: boolean;
  refresh: boolean | undefined;
}

/** Returns a `Request` with every field at its default. */
export function newRequest(): Request {
  return {
    id: 0n as RequestId,
    method: "",
    path: "",
    val: "",
    dir: false,
    prevValue: "",
    prevIndex: 0,
    prevExist: undefined,
    expiration: 0,
    wait: false,
    since: 0,
    recursive: false,
    sorted: false,
    quorum: false,
    time: 0,
    stream: false,
    refresh: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRequest(w: Writer, m: Partial<Request>): void {
  if (m.refresh !== undefined) {
    w.bool(m.refresh);
    w.uvarint(136);
  }
  {
    w.bool(m.stream ?? false);
    w.uvarint(128);
  }
  {
    w.varint(m.time ?? 0);
    w.uvarint(120);
  }
  {
    w.bool(m.quorum ?? false);
    w.uvarint(112);
  }
  {
    w.bool(m.sorted ?? false);
    w.uvarint(104);
  }
  {
    w.bool(m.recursive ?? false);
    w.uvarint(96);
  }
  {
    w.varint(m.since ?? 0);
    w.uvarint(88);
  }
  {
    w.bool(m.wait ?? false);
    w.uvarint(80);
  }
  {
    w.varint(m.expiration ?? 0);
    w.uvarint(72);
  }
  if (m.prevExist !== undefined) {
    w.bool(m.prevExist);
    w.uvarint(64);
  }
  {
    w.varint(m.prevIndex ?? 0);
    w.uvarint(56);
  }
  {
    w.string(m.prevValue ?? "");
    w.uvarint(50);
  }
  {
    w.bool(m.dir ?? false);
    w.uvarint(40);
  }
  {
    w.string(m.val ?? "");
    w.uvarint(34);
  }
  {
    w.string(m.path ?? "");
    w.uvarint(26);
  }
  {
    w.string(m.method ?? "");
    w.uvarint(18);
  }
  {
    w.bigVarint(m.id ?? 0n as RequestId);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeRequest(m: Partial<Request>): Uint8Array {
  const w = startWriter();
  writeRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRequest(r: Reader, end: number): Request {
  const m = newRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigUint64() as RequestId;
        break;
      case 18:
        m.method = r.string();
        break;
      case 26:
        m.path = r.string();
        break;
      case 34:
        m.val = r.string();
        break;
      case 40:
        m.dir = r.bool();
        break;
      case 50:
        m.prevValue = r.string();
        break;
      case 56:
        m.prevIndex = r.uint64();
        break;
      case 64:
        m.prevExist = r.bool();
        break;
      case 72:
        m.expiration = r.int64();
        break;
      case 80:
        m.wait = r.bool();
        break;
      case 88:
        m.since = r.uint64();
        break;
      case 96:
        m.recursive = r.bool();
        break;
      case 104:
        m.sorted = r.bool();
        break;
      case 112:
        m.quorum = r.bool();
        break;
      case 120:
        m.time = r.int64();
        break;
      case 128:
        m.stream = r.bool();
        break;
      case 136:
        m.refresh = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeRequest(bytes: Uint8Array): Request {
  const r = startReader(bytes);
  try {
    return readRequest(r, bytes.length);
  } finally {
    r.release();
  }
}
