// Generated from proto/membership.proto by `npm run gen`. Do not edit.
import type { MemberId } from "@quorate/base";
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";

/** `membershippb.RaftAttributes` */
export interface RaftAttributes {
  peerUrls: string[];
  isLearner: boolean;
}

/** Returns a `RaftAttributes` with every field at its default. */
export function newRaftAttributes(): RaftAttributes {
  return {
    peerUrls: [],
    isLearner: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRaftAttributes(w: Writer, m: Partial<RaftAttributes>): void {
  if (m.isLearner === true) {
    w.bool(m.isLearner);
    w.uvarint(16);
  }
  if (m.peerUrls !== undefined) {
    for (let i = m.peerUrls.length - 1; i >= 0; i--) {
      w.string(m.peerUrls[i] as string);
      w.uvarint(10);
    }
  }
}

/** Encodes into a byte string of its own. */
export function encodeRaftAttributes(m: Partial<RaftAttributes>): Uint8Array {
  const w = startWriter();
  writeRaftAttributes(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRaftAttributes(r: Reader, end: number): RaftAttributes {
  const m = newRaftAttributes();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.peerUrls.push(r.string());
        break;
      case 16:
        m.isLearner = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeRaftAttributes(bytes: Uint8Array): RaftAttributes {
  const r = startReader(bytes);
  try {
    return readRaftAttributes(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `membershippb.Attributes` */
export interface Attributes {
  name: string;
  clientUrls: string[];
}

/** Returns a `Attributes` with every field at its default. */
export function newAttributes(): Attributes {
  return {
    name: "",
    clientUrls: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAttributes(w: Writer, m: Partial<Attributes>): void {
  if (m.clientUrls !== undefined) {
    for (let i = m.clientUrls.length - 1; i >= 0; i--) {
      w.string(m.clientUrls[i] as string);
      w.uvarint(18);
    }
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAttributes(m: Partial<Attributes>): Uint8Array {
  const w = startWriter();
  writeAttributes(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAttributes(r: Reader, end: number): Attributes {
  const m = newAttributes();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      case 18:
        m.clientUrls.push(r.string());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAttributes(bytes: Uint8Array): Attributes {
  const r = startReader(bytes);
  try {
    return readAttributes(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `membershippb.Member` */
export interface Member {
  id: MemberId;
  raftAttributes: RaftAttributes | undefined;
  memberAttributes: Attributes | undefined;
}

/** Returns a `Member` with every field at its default. */
export function newMember(): Member {
  return {
    id: 0n as MemberId,
    raftAttributes: undefined,
    memberAttributes: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMember(w: Writer, m: Partial<Member>): void {
  if (m.memberAttributes !== undefined) {
    const end = w.mark();
    writeAttributes(w, m.memberAttributes);
    w.uvarint(end - w.mark());
    w.uvarint(26);
  }
  if (m.raftAttributes !== undefined) {
    const end = w.mark();
    writeRaftAttributes(w, m.raftAttributes);
    w.uvarint(end - w.mark());
    w.uvarint(18);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMember(m: Partial<Member>): Uint8Array {
  const w = startWriter();
  writeMember(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMember(r: Reader, end: number): Member {
  const m = newMember();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigUint64() as MemberId;
        break;
      case 18:
        m.raftAttributes = readRaftAttributes(r, r.lengthEnd());
        break;
      case 26:
        m.memberAttributes = readAttributes(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMember(bytes: Uint8Array): Member {
  const r = startReader(bytes);
  try {
    return readMember(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `membershippb.ClusterVersionSetRequest` */
export interface ClusterVersionSetRequest {
  ver: string;
}

/** Returns a `ClusterVersionSetRequest` with every field at its default. */
export function newClusterVersionSetRequest(): ClusterVersionSetRequest {
  return {
    ver: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeClusterVersionSetRequest(w: Writer, m: Partial<ClusterVersionSetRequest>): void {
  if (m.ver !== undefined && m.ver.length > 0) {
    w.string(m.ver);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeClusterVersionSetRequest(m: Partial<ClusterVersionSetRequest>): Uint8Array {
  const w = startWriter();
  writeClusterVersionSetRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readClusterVersionSetRequest(r: Reader, end: number): ClusterVersionSetRequest {
  const m = newClusterVersionSetRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.ver = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeClusterVersionSetRequest(bytes: Uint8Array): ClusterVersionSetRequest {
  const r = startReader(bytes);
  try {
    return readClusterVersionSetRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `membershippb.ClusterMemberAttrSetRequest` */
export interface ClusterMemberAttrSetRequest {
  memberId: MemberId;
  memberAttributes: Attributes | undefined;
}

/** Returns a `ClusterMemberAttrSetRequest` with every field at its default. */
export function newClusterMemberAttrSetRequest(): ClusterMemberAttrSetRequest {
  return {
    memberId: 0n as MemberId,
    memberAttributes: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeClusterMemberAttrSetRequest(w: Writer, m: Partial<ClusterMemberAttrSetRequest>): void {
  if (m.memberAttributes !== undefined) {
    const end = w.mark();
    writeAttributes(w, m.memberAttributes);
    w.uvarint(end - w.mark());
    w.uvarint(18);
  }
  if (m.memberId !== undefined && m.memberId !== 0n) {
    w.bigVarint(m.memberId);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeClusterMemberAttrSetRequest(m: Partial<ClusterMemberAttrSetRequest>): Uint8Array {
  const w = startWriter();
  writeClusterMemberAttrSetRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readClusterMemberAttrSetRequest(r: Reader, end: number): ClusterMemberAttrSetRequest {
  const m = newClusterMemberAttrSetRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.memberId = r.bigUint64() as MemberId;
        break;
      case 18:
        m.memberAttributes = readAttributes(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeClusterMemberAttrSetRequest(bytes: Uint8Array): ClusterMemberAttrSetRequest {
  const r = startReader(bytes);
  try {
    return readClusterMemberAttrSetRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `membershippb.DowngradeInfoSetRequest` */
export interface DowngradeInfoSetRequest {
  enabled: boolean;
  ver: string;
}

/** Returns a `DowngradeInfoSetRequest` with every field at its default. */
export function newDowngradeInfoSetRequest(): DowngradeInfoSetRequest {
  return {
    enabled: false,
    ver: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDowngradeInfoSetRequest(w: Writer, m: Partial<DowngradeInfoSetRequest>): void {
  if (m.ver !== undefined && m.ver.length > 0) {
    w.string(m.ver);
    w.uvarint(18);
  }
  if (m.enabled === true) {
    w.bool(m.enabled);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDowngradeInfoSetRequest(m: Partial<DowngradeInfoSetRequest>): Uint8Array {
  const w = startWriter();
  writeDowngradeInfoSetRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDowngradeInfoSetRequest(r: Reader, end: number): DowngradeInfoSetRequest {
  const m = newDowngradeInfoSetRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.enabled = r.bool();
        break;
      case 18:
        m.ver = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDowngradeInfoSetRequest(bytes: Uint8Array): DowngradeInfoSetRequest {
  const r = startReader(bytes);
  try {
    return readDowngradeInfoSetRequest(r, bytes.length);
  } finally {
    r.release();
  }
}
