// Generated from proto/lease.proto by `npm run gen`. Do not edit.
import type { LeaseId } from "@quorate/base";
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";
import { type LeaseTimeToLiveRequest, readLeaseTimeToLiveRequest, writeLeaseTimeToLiveRequest, type LeaseTimeToLiveResponse, readLeaseTimeToLiveResponse, writeLeaseTimeToLiveResponse } from "./rpc.gen.ts";

/** `leasepb.Lease` */
export interface Lease {
  id: LeaseId;
  ttl: number;
  remainingTtl: number;
}

/** Returns a `Lease` with every field at its default. */
export function newLease(): Lease {
  return {
    id: 0n as LeaseId,
    ttl: 0,
    remainingTtl: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLease(w: Writer, m: Partial<Lease>): void {
  if (m.remainingTtl !== undefined && m.remainingTtl !== 0) {
    w.varint(m.remainingTtl);
    w.uvarint(24);
  }
  if (m.ttl !== undefined && m.ttl !== 0) {
    w.varint(m.ttl);
    w.uvarint(16);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLease(m: Partial<Lease>): Uint8Array {
  const w = startWriter();
  writeLease(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLease(r: Reader, end: number): Lease {
  const m = newLease();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigInt64() as LeaseId;
        break;
      case 16:
        m.ttl = r.int64();
        break;
      case 24:
        m.remainingTtl = r.int64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLease(bytes: Uint8Array): Lease {
  const r = startReader(bytes);
  try {
    return readLease(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `leasepb.LeaseInternalRequest` */
export interface LeaseInternalRequest {
  leaseTimeToLiveRequest: LeaseTimeToLiveRequest | undefined;
}

/** Returns a `LeaseInternalRequest` with every field at its default. */
export function newLeaseInternalRequest(): LeaseInternalRequest {
  return {
    leaseTimeToLiveRequest: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseInternalRequest(w: Writer, m: Partial<LeaseInternalRequest>): void {
  if (m.leaseTimeToLiveRequest !== undefined) {
    const end = w.mark();
    writeLeaseTimeToLiveRequest(w, m.leaseTimeToLiveRequest);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseInternalRequest(m: Partial<LeaseInternalRequest>): Uint8Array {
  const w = startWriter();
  writeLeaseInternalRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseInternalRequest(r: Reader, end: number): LeaseInternalRequest {
  const m = newLeaseInternalRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.leaseTimeToLiveRequest = readLeaseTimeToLiveRequest(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseInternalRequest(bytes: Uint8Array): LeaseInternalRequest {
  const r = startReader(bytes);
  try {
    return readLeaseInternalRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `leasepb.LeaseInternalResponse` */
export interface LeaseInternalResponse {
  leaseTimeToLiveResponse: LeaseTimeToLiveResponse | undefined;
}

/** Returns a `LeaseInternalResponse` with every field at its default. */
export function newLeaseInternalResponse(): LeaseInternalResponse {
  return {
    leaseTimeToLiveResponse: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseInternalResponse(w: Writer, m: Partial<LeaseInternalResponse>): void {
  if (m.leaseTimeToLiveResponse !== undefined) {
    const end = w.mark();
    writeLeaseTimeToLiveResponse(w, m.leaseTimeToLiveResponse);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseInternalResponse(m: Partial<LeaseInternalResponse>): Uint8Array {
  const w = startWriter();
  writeLeaseInternalResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseInternalResponse(r: Reader, end: number): LeaseInternalResponse {
  const m = newLeaseInternalResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.leaseTimeToLiveResponse = readLeaseTimeToLiveResponse(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseInternalResponse(bytes: Uint8Array): LeaseInternalResponse {
  const r = startReader(bytes);
  try {
    return readLeaseInternalResponse(r, bytes.length);
  } finally {
    r.release();
  }
}
