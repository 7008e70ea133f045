// Generated from proto/health.proto by `npm run gen`. Do not edit.
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";

/** `grpc.health.v1.HealthCheckRequest` */
export interface HealthCheckRequest {
  service: string;
}

/** Returns a `HealthCheckRequest` with every field at its default. */
export function newHealthCheckRequest(): HealthCheckRequest {
  return {
    service: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHealthCheckRequest(w: Writer, m: Partial<HealthCheckRequest>): void {
  if (m.service !== undefined && m.service.length > 0) {
    w.string(m.service);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeHealthCheckRequest(m: Partial<HealthCheckRequest>): Uint8Array {
  const w = startWriter();
  writeHealthCheckRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHealthCheckRequest(r: Reader, end: number): HealthCheckRequest {
  const m = newHealthCheckRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.service = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHealthCheckRequest(bytes: Uint8Array): HealthCheckRequest {
  const r = startReader(bytes);
  try {
    return readHealthCheckRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `grpc.health.v1.HealthCheckResponse` */
export interface HealthCheckResponse {
  status: number;
}

/** Returns a `HealthCheckResponse` with every field at its default. */
export function newHealthCheckResponse(): HealthCheckResponse {
  return {
    status: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHealthCheckResponse(w: Writer, m: Partial<HealthCheckResponse>): void {
  if (m.status !== undefined && m.status !== 0) {
    w.varint(m.status);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeHealthCheckResponse(m: Partial<HealthCheckResponse>): Uint8Array {
  const w = startWriter();
  writeHealthCheckResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHealthCheckResponse(r: Reader, end: number): HealthCheckResponse {
  const m = newHealthCheckResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.status = r.int32();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHealthCheckResponse(bytes: Uint8Array): HealthCheckResponse {
  const r = startReader(bytes);
  try {
    return readHealthCheckResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `grpc.health.v1.HealthCheckResponse.ServingStatus` */
export const ServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;

/** `grpc.health.v1.HealthListRequest` */
export interface HealthListRequest {
}

/** Returns a `HealthListRequest` with every field at its default. */
export function newHealthListRequest(): HealthListRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHealthListRequest(_w: Writer, _m: Partial<HealthListRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeHealthListRequest(m: Partial<HealthListRequest>): Uint8Array {
  const w = startWriter();
  writeHealthListRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHealthListRequest(r: Reader, end: number): HealthListRequest {
  const m = newHealthListRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHealthListRequest(bytes: Uint8Array): HealthListRequest {
  const r = startReader(bytes);
  try {
    return readHealthListRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `grpc.health.v1.HealthListResponse` */
export interface HealthListResponse {
  statuses: Map<string, HealthCheckResponse>;
}

/** Returns a `HealthListResponse` with every field at its default. */
export function newHealthListResponse(): HealthListResponse {
  return {
    statuses: new Map(),
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHealthListResponse(w: Writer, m: Partial<HealthListResponse>): void {
  if (m.statuses !== undefined) for (const [key, value] of [...m.statuses].reverse()) {
    const entryEnd = w.mark();
    const end = w.mark();
    writeHealthCheckResponse(w, value);
    w.uvarint(end - w.mark());
    w.uvarint(18);
    w.string(key);
    w.uvarint(10);
    w.uvarint(entryEnd - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeHealthListResponse(m: Partial<HealthListResponse>): Uint8Array {
  const w = startWriter();
  writeHealthListResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHealthListResponse(r: Reader, end: number): HealthListResponse {
  const m = newHealthListResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10: {
        const entryEnd = r.lengthEnd();
        let key = "";
        let value: HealthCheckResponse = newHealthCheckResponse();
        while (r.at < entryEnd) {
          const entryTag = r.tag(entryEnd);
          if (entryTag === 10) key = r.string();
          else if (entryTag === 18) value = readHealthCheckResponse(r, r.lengthEnd());
          else r.skip(entryTag);
        }
        m.statuses.set(key, value);
        break;
      }
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHealthListResponse(bytes: Uint8Array): HealthListResponse {
  const r = startReader(bytes);
  try {
    return readHealthListResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** Full method names of `grpc.health.v1.Health`. */
export const HealthMethods = {
  check: "/grpc.health.v1.Health/Check",
  watch: "/grpc.health.v1.Health/Watch",
  list: "/grpc.health.v1.Health/List",
} as const;
