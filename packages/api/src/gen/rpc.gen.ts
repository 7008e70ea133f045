// Generated from proto/rpc.proto by `npm run gen`. Do not edit.
import type { ClusterId, MemberId, LeaseId } from "@quorate/base";
import { emptyBytes } from "@quorate/base";
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";
import { type Event, readEvent, writeEvent } from "./kv.gen.ts";
import { type UserAddOptions, readUserAddOptions, writeUserAddOptions, type Permission, readPermission, writePermission } from "./auth.gen.ts";

/** Full method names of `etcdserverpb.KV`. */
export const KVMethods = {
  range: "/etcdserverpb.KV/Range",
  rangeStream: "/etcdserverpb.KV/RangeStream",
  put: "/etcdserverpb.KV/Put",
  deleteRange: "/etcdserverpb.KV/DeleteRange",
  txn: "/etcdserverpb.KV/Txn",
  compact: "/etcdserverpb.KV/Compact",
} as const;

/** Full method names of `etcdserverpb.Watch`. */
export const WatchMethods = {
  watch: "/etcdserverpb.Watch/Watch",
} as const;

/** Full method names of `etcdserverpb.Lease`. */
export const LeaseMethods = {
  leaseGrant: "/etcdserverpb.Lease/LeaseGrant",
  leaseRevoke: "/etcdserverpb.Lease/LeaseRevoke",
  leaseKeepAlive: "/etcdserverpb.Lease/LeaseKeepAlive",
  leaseTimeToLive: "/etcdserverpb.Lease/LeaseTimeToLive",
  leaseLeases: "/etcdserverpb.Lease/LeaseLeases",
} as const;

/** Full method names of `etcdserverpb.Cluster`. */
export const ClusterMethods = {
  memberAdd: "/etcdserverpb.Cluster/MemberAdd",
  memberRemove: "/etcdserverpb.Cluster/MemberRemove",
  memberUpdate: "/etcdserverpb.Cluster/MemberUpdate",
  memberList: "/etcdserverpb.Cluster/MemberList",
  memberPromote: "/etcdserverpb.Cluster/MemberPromote",
} as const;

/** Full method names of `etcdserverpb.Maintenance`. */
export const MaintenanceMethods = {
  alarm: "/etcdserverpb.Maintenance/Alarm",
  status: "/etcdserverpb.Maintenance/Status",
  defragment: "/etcdserverpb.Maintenance/Defragment",
  hash: "/etcdserverpb.Maintenance/Hash",
  hashKV: "/etcdserverpb.Maintenance/HashKV",
  snapshot: "/etcdserverpb.Maintenance/Snapshot",
  moveLeader: "/etcdserverpb.Maintenance/MoveLeader",
  downgrade: "/etcdserverpb.Maintenance/Downgrade",
} as const;

/** Full method names of `etcdserverpb.Auth`. */
export const AuthMethods = {
  authEnable: "/etcdserverpb.Auth/AuthEnable",
  authDisable: "/etcdserverpb.Auth/AuthDisable",
  authStatus: "/etcdserverpb.Auth/AuthStatus",
  authenticate: "/etcdserverpb.Auth/Authenticate",
  userAdd: "/etcdserverpb.Auth/UserAdd",
  userGet: "/etcdserverpb.Auth/UserGet",
  userList: "/etcdserverpb.Auth/UserList",
  userDelete: "/etcdserverpb.Auth/UserDelete",
  userChangePassword: "/etcdserverpb.Auth/UserChangePassword",
  userGrantRole: "/etcdserverpb.Auth/UserGrantRole",
  userRevokeRole: "/etcdserverpb.Auth/UserRevokeRole",
  roleAdd: "/etcdserverpb.Auth/RoleAdd",
  roleGet: "/etcdserverpb.Auth/RoleGet",
  roleList: "/etcdserverpb.Auth/RoleList",
  roleDelete: "/etcdserverpb.Auth/RoleDelete",
  roleGrantPermission: "/etcdserverpb.Auth/RoleGrantPermission",
  roleRevokePermission: "/etcdserverpb.Auth/RoleRevokePermission",
} as const;

/** `etcdserverpb.ResponseHeader` */
export interface ResponseHeader {
  clusterId: ClusterId;
  memberId: MemberId;
  revision: number;
  raftTerm: number;
}

/** Returns a `ResponseHeader` with every field at its default. */
export function newResponseHeader(): ResponseHeader {
  return {
    clusterId: 0n as ClusterId,
    memberId: 0n as MemberId,
    revision: 0,
    raftTerm: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeResponseHeader(w: Writer, m: Partial<ResponseHeader>): void {
  if (m.raftTerm !== undefined && m.raftTerm !== 0) {
    w.varint(m.raftTerm);
    w.uvarint(32);
  }
  if (m.revision !== undefined && m.revision !== 0) {
    w.varint(m.revision);
    w.uvarint(24);
  }
  if (m.memberId !== undefined && m.memberId !== 0n) {
    w.bigVarint(m.memberId);
    w.uvarint(16);
  }
  if (m.clusterId !== undefined && m.clusterId !== 0n) {
    w.bigVarint(m.clusterId);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeResponseHeader(m: Partial<ResponseHeader>): Uint8Array {
  const w = startWriter();
  writeResponseHeader(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readResponseHeader(r: Reader, end: number): ResponseHeader {
  const m = newResponseHeader();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.clusterId = r.bigUint64() as ClusterId;
        break;
      case 16:
        m.memberId = r.bigUint64() as MemberId;
        break;
      case 24:
        m.revision = r.int64();
        break;
      case 32:
        m.raftTerm = r.uint64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeResponseHeader(bytes: Uint8Array): ResponseHeader {
  const r = startReader(bytes);
  try {
    return readResponseHeader(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.RangeRequest` */
export interface RangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  limit: number;
  revision: number;
  sortOrder: number;
  sortTarget: number;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}

/** Returns a `RangeRequest` with every field at its default. */
export function newRangeRequest(): RangeRequest {
  return {
    key: emptyBytes,
    rangeEnd: emptyBytes,
    limit: 0,
    revision: 0,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRangeRequest(w: Writer, m: Partial<RangeRequest>): void {
  if (m.maxCreateRevision !== undefined && m.maxCreateRevision !== 0) {
    w.varint(m.maxCreateRevision);
    w.uvarint(104);
  }
  if (m.minCreateRevision !== undefined && m.minCreateRevision !== 0) {
    w.varint(m.minCreateRevision);
    w.uvarint(96);
  }
  if (m.maxModRevision !== undefined && m.maxModRevision !== 0) {
    w.varint(m.maxModRevision);
    w.uvarint(88);
  }
  if (m.minModRevision !== undefined && m.minModRevision !== 0) {
    w.varint(m.minModRevision);
    w.uvarint(80);
  }
  if (m.countOnly === true) {
    w.bool(m.countOnly);
    w.uvarint(72);
  }
  if (m.keysOnly === true) {
    w.bool(m.keysOnly);
    w.uvarint(64);
  }
  if (m.serializable === true) {
    w.bool(m.serializable);
    w.uvarint(56);
  }
  if (m.sortTarget !== undefined && m.sortTarget !== 0) {
    w.varint(m.sortTarget);
    w.uvarint(48);
  }
  if (m.sortOrder !== undefined && m.sortOrder !== 0) {
    w.varint(m.sortOrder);
    w.uvarint(40);
  }
  if (m.revision !== undefined && m.revision !== 0) {
    w.varint(m.revision);
    w.uvarint(32);
  }
  if (m.limit !== undefined && m.limit !== 0) {
    w.varint(m.limit);
    w.uvarint(24);
  }
  if (m.rangeEnd !== undefined && m.rangeEnd.length > 0) {
    w.bytes(m.rangeEnd);
    w.uvarint(18);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeRangeRequest(m: Partial<RangeRequest>): Uint8Array {
  const w = startWriter();
  writeRangeRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRangeRequest(r: Reader, end: number): RangeRequest {
  const m = newRangeRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.key = r.bytes();
        break;
      case 18:
        m.rangeEnd = r.bytes();
        break;
      case 24:
        m.limit = r.int64();
        break;
      case 32:
        m.revision = r.int64();
        break;
      case 40:
        m.sortOrder = r.int32();
        break;
      case 48:
        m.sortTarget = r.int32();
        break;
      case 56:
        m.serializable = r.bool();
        break;
      case 64:
        m.keysOnly = r.bool();
        break;
      case 72:
        m.countOnly = r.bool();
        break;
      case 80:
        m.minModRevision = r.int64();
        break;
      case 88:
        m.maxModRevision = r.int64();
        break;
      case 96:
        m.minCreateRevision = r.int64();
        break;
      case 104:
        m.maxCreateRevision = r.int64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeRangeRequest(bytes: Uint8Array): RangeRequest {
  const r = startReader(bytes);
  try {
    return readRangeRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.RangeRequest.SortOrder` */
export const SortOrder = {
  NONE: 0,
  ASCEND: 1,
  DESCEND: 2,
} as const;

/** `etcdserverpb.RangeRequest.SortTarget` */
export const SortTarget = {
  KEY: 0,
  VERSION: 1,
  CREATE: 2,
  MOD: 3,
  VALUE: 4,
} as const;

/** `etcdserverpb.RangeResponse` */
export interface RangeResponse {
  header: ResponseHeader | undefined;
  kvs: Uint8Array[];
  more: boolean;
  count: number;
}

/** Returns a `RangeResponse` with every field at its default. */
export function newRangeResponse(): RangeResponse {
  return {
    header: undefined,
    kvs: [],
    more: false,
    count: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRangeResponse(w: Writer, m: Partial<RangeResponse>): void {
  if (m.count !== undefined && m.count !== 0) {
    w.varint(m.count);
    w.uvarint(32);
  }
  if (m.more === true) {
    w.bool(m.more);
    w.uvarint(24);
  }
  if (m.kvs !== undefined) {
    for (let i = m.kvs.length - 1; i >= 0; i--) {
      w.bytes(m.kvs[i] as Uint8Array);
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeRangeResponse(m: Partial<RangeResponse>): Uint8Array {
  const w = startWriter();
  writeRangeResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRangeResponse(r: Reader, end: number): RangeResponse {
  const m = newRangeResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.kvs.push(r.bytes());
        break;
      case 24:
        m.more = r.bool();
        break;
      case 32:
        m.count = r.int64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeRangeResponse(bytes: Uint8Array): RangeResponse {
  const r = startReader(bytes);
  try {
    return readRangeResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.PutRequest` */
export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  lease: LeaseId;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}

/** Returns a `PutRequest` with every field at its default. */
export function newPutRequest(): PutRequest {
  return {
    key: emptyBytes,
    value: emptyBytes,
    lease: 0n as LeaseId,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writePutRequest(w: Writer, m: Partial<PutRequest>): void {
  if (m.ignoreLease === true) {
    w.bool(m.ignoreLease);
    w.uvarint(48);
  }
  if (m.ignoreValue === true) {
    w.bool(m.ignoreValue);
    w.uvarint(40);
  }
  if (m.prevKv === true) {
    w.bool(m.prevKv);
    w.uvarint(32);
  }
  if (m.lease !== undefined && m.lease !== 0n) {
    w.bigVarint(m.lease);
    w.uvarint(24);
  }
  if (m.value !== undefined && m.value.length > 0) {
    w.bytes(m.value);
    w.uvarint(18);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodePutRequest(m: Partial<PutRequest>): Uint8Array {
  const w = startWriter();
  writePutRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readPutRequest(r: Reader, end: number): PutRequest {
  const m = newPutRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.key = r.bytes();
        break;
      case 18:
        m.value = r.bytes();
        break;
      case 24:
        m.lease = r.bigInt64() as LeaseId;
        break;
      case 32:
        m.prevKv = r.bool();
        break;
      case 40:
        m.ignoreValue = r.bool();
        break;
      case 48:
        m.ignoreLease = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodePutRequest(bytes: Uint8Array): PutRequest {
  const r = startReader(bytes);
  try {
    return readPutRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.PutResponse` */
export interface PutResponse {
  header: ResponseHeader | undefined;
  prevKv: Uint8Array | undefined;
}

/** Returns a `PutResponse` with every field at its default. */
export function newPutResponse(): PutResponse {
  return {
    header: undefined,
    prevKv: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writePutResponse(w: Writer, m: Partial<PutResponse>): void {
  if (m.prevKv !== undefined) {
    w.bytes(m.prevKv);
    w.uvarint(18);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodePutResponse(m: Partial<PutResponse>): Uint8Array {
  const w = startWriter();
  writePutResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readPutResponse(r: Reader, end: number): PutResponse {
  const m = newPutResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
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
export function decodePutResponse(bytes: Uint8Array): PutResponse {
  const r = startReader(bytes);
  try {
    return readPutResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DeleteRangeRequest` */
export interface DeleteRangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  prevKv: boolean;
}

/** Returns a `DeleteRangeRequest` with every field at its default. */
export function newDeleteRangeRequest(): DeleteRangeRequest {
  return {
    key: emptyBytes,
    rangeEnd: emptyBytes,
    prevKv: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDeleteRangeRequest(w: Writer, m: Partial<DeleteRangeRequest>): void {
  if (m.prevKv === true) {
    w.bool(m.prevKv);
    w.uvarint(24);
  }
  if (m.rangeEnd !== undefined && m.rangeEnd.length > 0) {
    w.bytes(m.rangeEnd);
    w.uvarint(18);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDeleteRangeRequest(m: Partial<DeleteRangeRequest>): Uint8Array {
  const w = startWriter();
  writeDeleteRangeRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDeleteRangeRequest(r: Reader, end: number): DeleteRangeRequest {
  const m = newDeleteRangeRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.key = r.bytes();
        break;
      case 18:
        m.rangeEnd = r.bytes();
        break;
      case 24:
        m.prevKv = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDeleteRangeRequest(bytes: Uint8Array): DeleteRangeRequest {
  const r = startReader(bytes);
  try {
    return readDeleteRangeRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DeleteRangeResponse` */
export interface DeleteRangeResponse {
  header: ResponseHeader | undefined;
  deleted: number;
  prevKvs: Uint8Array[];
}

/** Returns a `DeleteRangeResponse` with every field at its default. */
export function newDeleteRangeResponse(): DeleteRangeResponse {
  return {
    header: undefined,
    deleted: 0,
    prevKvs: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDeleteRangeResponse(w: Writer, m: Partial<DeleteRangeResponse>): void {
  if (m.prevKvs !== undefined) {
    for (let i = m.prevKvs.length - 1; i >= 0; i--) {
      w.bytes(m.prevKvs[i] as Uint8Array);
      w.uvarint(26);
    }
  }
  if (m.deleted !== undefined && m.deleted !== 0) {
    w.varint(m.deleted);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDeleteRangeResponse(m: Partial<DeleteRangeResponse>): Uint8Array {
  const w = startWriter();
  writeDeleteRangeResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDeleteRangeResponse(r: Reader, end: number): DeleteRangeResponse {
  const m = newDeleteRangeResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.deleted = r.int64();
        break;
      case 26:
        m.prevKvs.push(r.bytes());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDeleteRangeResponse(bytes: Uint8Array): DeleteRangeResponse {
  const r = startReader(bytes);
  try {
    return readDeleteRangeResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.RequestOp` */
export interface RequestOp {
  requestRange: RangeRequest | undefined;
  requestPut: PutRequest | undefined;
  requestDeleteRange: DeleteRangeRequest | undefined;
  requestTxn: TxnRequest | undefined;
}

/** Returns a `RequestOp` with every field at its default. */
export function newRequestOp(): RequestOp {
  return {
    requestRange: undefined,
    requestPut: undefined,
    requestDeleteRange: undefined,
    requestTxn: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRequestOp(w: Writer, m: Partial<RequestOp>): void {
  if (m.requestTxn !== undefined) {
    const end = w.mark();
    writeTxnRequest(w, m.requestTxn);
    w.uvarint(end - w.mark());
    w.uvarint(34);
  }
  if (m.requestDeleteRange !== undefined) {
    const end = w.mark();
    writeDeleteRangeRequest(w, m.requestDeleteRange);
    w.uvarint(end - w.mark());
    w.uvarint(26);
  }
  if (m.requestPut !== undefined) {
    const end = w.mark();
    writePutRequest(w, m.requestPut);
    w.uvarint(end - w.mark());
    w.uvarint(18);
  }
  if (m.requestRange !== undefined) {
    const end = w.mark();
    writeRangeRequest(w, m.requestRange);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeRequestOp(m: Partial<RequestOp>): Uint8Array {
  const w = startWriter();
  writeRequestOp(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRequestOp(r: Reader, end: number): RequestOp {
  const m = newRequestOp();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.requestRange = readRangeRequest(r, r.lengthEnd());
        m.requestPut = undefined;
        m.requestDeleteRange = undefined;
        m.requestTxn = undefined;
        break;
      case 18:
        m.requestPut = readPutRequest(r, r.lengthEnd());
        m.requestRange = undefined;
        m.requestDeleteRange = undefined;
        m.requestTxn = undefined;
        break;
      case 26:
        m.requestDeleteRange = readDeleteRangeRequest(r, r.lengthEnd());
        m.requestRange = undefined;
        m.requestPut = undefined;
        m.requestTxn = undefined;
        break;
      case 34:
        m.requestTxn = readTxnRequest(r, r.lengthEnd());
        m.requestRange = undefined;
        m.requestPut = undefined;
        m.requestDeleteRange = undefined;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeRequestOp(bytes: Uint8Array): RequestOp {
  const r = startReader(bytes);
  try {
    return readRequestOp(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.ResponseOp` */
export interface ResponseOp {
  responseRange: RangeResponse | undefined;
  responsePut: PutResponse | undefined;
  responseDeleteRange: DeleteRangeResponse | undefined;
  responseTxn: TxnResponse | undefined;
}

/** Returns a `ResponseOp` with every field at its default. */
export function newResponseOp(): ResponseOp {
  return {
    responseRange: undefined,
    responsePut: undefined,
    responseDeleteRange: undefined,
    responseTxn: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeResponseOp(w: Writer, m: Partial<ResponseOp>): void {
  if (m.responseTxn !== undefined) {
    const end = w.mark();
    writeTxnResponse(w, m.responseTxn);
    w.uvarint(end - w.mark());
    w.uvarint(34);
  }
  if (m.responseDeleteRange !== undefined) {
    const end = w.mark();
    writeDeleteRangeResponse(w, m.responseDeleteRange);
    w.uvarint(end - w.mark());
    w.uvarint(26);
  }
  if (m.responsePut !== undefined) {
    const end = w.mark();
    writePutResponse(w, m.responsePut);
    w.uvarint(end - w.mark());
    w.uvarint(18);
  }
  if (m.responseRange !== undefined) {
    const end = w.mark();
    writeRangeResponse(w, m.responseRange);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeResponseOp(m: Partial<ResponseOp>): Uint8Array {
  const w = startWriter();
  writeResponseOp(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readResponseOp(r: Reader, end: number): ResponseOp {
  const m = newResponseOp();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.responseRange = readRangeResponse(r, r.lengthEnd());
        m.responsePut = undefined;
        m.responseDeleteRange = undefined;
        m.responseTxn = undefined;
        break;
      case 18:
        m.responsePut = readPutResponse(r, r.lengthEnd());
        m.responseRange = undefined;
        m.responseDeleteRange = undefined;
        m.responseTxn = undefined;
        break;
      case 26:
        m.responseDeleteRange = readDeleteRangeResponse(r, r.lengthEnd());
        m.responseRange = undefined;
        m.responsePut = undefined;
        m.responseTxn = undefined;
        break;
      case 34:
        m.responseTxn = readTxnResponse(r, r.lengthEnd());
        m.responseRange = undefined;
        m.responsePut = undefined;
        m.responseDeleteRange = undefined;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeResponseOp(bytes: Uint8Array): ResponseOp {
  const r = startReader(bytes);
  try {
    return readResponseOp(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.Compare` */
export interface Compare {
  result: number;
  target: number;
  key: Uint8Array;
  version: number | undefined;
  createRevision: number | undefined;
  modRevision: number | undefined;
  value: Uint8Array | undefined;
  lease: LeaseId | undefined;
  rangeEnd: Uint8Array;
}

/** Returns a `Compare` with every field at its default. */
export function newCompare(): Compare {
  return {
    result: 0,
    target: 0,
    key: emptyBytes,
    version: undefined,
    createRevision: undefined,
    modRevision: undefined,
    value: undefined,
    lease: undefined,
    rangeEnd: emptyBytes,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeCompare(w: Writer, m: Partial<Compare>): void {
  if (m.rangeEnd !== undefined && m.rangeEnd.length > 0) {
    w.bytes(m.rangeEnd);
    w.uvarint(514);
  }
  if (m.lease !== undefined) {
    w.bigVarint(m.lease);
    w.uvarint(64);
  }
  if (m.value !== undefined) {
    w.bytes(m.value);
    w.uvarint(58);
  }
  if (m.modRevision !== undefined) {
    w.varint(m.modRevision);
    w.uvarint(48);
  }
  if (m.createRevision !== undefined) {
    w.varint(m.createRevision);
    w.uvarint(40);
  }
  if (m.version !== undefined) {
    w.varint(m.version);
    w.uvarint(32);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(26);
  }
  if (m.target !== undefined && m.target !== 0) {
    w.varint(m.target);
    w.uvarint(16);
  }
  if (m.result !== undefined && m.result !== 0) {
    w.varint(m.result);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeCompare(m: Partial<Compare>): Uint8Array {
  const w = startWriter();
  writeCompare(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readCompare(r: Reader, end: number): Compare {
  const m = newCompare();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.result = r.int32();
        break;
      case 16:
        m.target = r.int32();
        break;
      case 26:
        m.key = r.bytes();
        break;
      case 32:
        m.version = r.int64();
        m.createRevision = undefined;
        m.modRevision = undefined;
        m.value = undefined;
        m.lease = undefined;
        break;
      case 40:
        m.createRevision = r.int64();
        m.version = undefined;
        m.modRevision = undefined;
        m.value = undefined;
        m.lease = undefined;
        break;
      case 48:
        m.modRevision = r.int64();
        m.version = undefined;
        m.createRevision = undefined;
        m.value = undefined;
        m.lease = undefined;
        break;
      case 58:
        m.value = r.bytes();
        m.version = undefined;
        m.createRevision = undefined;
        m.modRevision = undefined;
        m.lease = undefined;
        break;
      case 64:
        m.lease = r.bigInt64() as LeaseId;
        m.version = undefined;
        m.createRevision = undefined;
        m.modRevision = undefined;
        m.value = undefined;
        break;
      case 514:
        m.rangeEnd = r.bytes();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeCompare(bytes: Uint8Array): Compare {
  const r = startReader(bytes);
  try {
    return readCompare(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.Compare.CompareResult` */
export const CompareResult = {
  EQUAL: 0,
  GREATER: 1,
  LESS: 2,
  NOT_EQUAL: 3,
} as const;

/** `etcdserverpb.Compare.CompareTarget` */
export const CompareTarget = {
  VERSION: 0,
  CREATE: 1,
  MOD: 2,
  VALUE: 3,
  LEASE: 4,
} as const;

/** `etcdserverpb.TxnRequest` */
export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

/** Returns a `TxnRequest` with every field at its default. */
export function newTxnRequest(): TxnRequest {
  return {
    compare: [],
    success: [],
    failure: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeTxnRequest(w: Writer, m: Partial<TxnRequest>): void {
  if (m.failure !== undefined) {
    for (let i = m.failure.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeRequestOp(w, m.failure[i] as RequestOp);
      w.uvarint(end - w.mark());
      w.uvarint(26);
    }
  }
  if (m.success !== undefined) {
    for (let i = m.success.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeRequestOp(w, m.success[i] as RequestOp);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.compare !== undefined) {
    for (let i = m.compare.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeCompare(w, m.compare[i] as Compare);
      w.uvarint(end - w.mark());
      w.uvarint(10);
    }
  }
}

/** Encodes into a byte string of its own. */
export function encodeTxnRequest(m: Partial<TxnRequest>): Uint8Array {
  const w = startWriter();
  writeTxnRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readTxnRequest(r: Reader, end: number): TxnRequest {
  const m = newTxnRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.compare.push(readCompare(r, r.lengthEnd()));
        break;
      case 18:
        m.success.push(readRequestOp(r, r.lengthEnd()));
        break;
      case 26:
        m.failure.push(readRequestOp(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeTxnRequest(bytes: Uint8Array): TxnRequest {
  const r = startReader(bytes);
  try {
    return readTxnRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.TxnResponse` */
export interface TxnResponse {
  header: ResponseHeader | undefined;
  succeeded: boolean;
  responses: ResponseOp[];
}

/** Returns a `TxnResponse` with every field at its default. */
export function newTxnResponse(): TxnResponse {
  return {
    header: undefined,
    succeeded: false,
    responses: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeTxnResponse(w: Writer, m: Partial<TxnResponse>): void {
  if (m.responses !== undefined) {
    for (let i = m.responses.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeResponseOp(w, m.responses[i] as ResponseOp);
      w.uvarint(end - w.mark());
      w.uvarint(26);
    }
  }
  if (m.succeeded === true) {
    w.bool(m.succeeded);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeTxnResponse(m: Partial<TxnResponse>): Uint8Array {
  const w = startWriter();
  writeTxnResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readTxnResponse(r: Reader, end: number): TxnResponse {
  const m = newTxnResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.succeeded = r.bool();
        break;
      case 26:
        m.responses.push(readResponseOp(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeTxnResponse(bytes: Uint8Array): TxnResponse {
  const r = startReader(bytes);
  try {
    return readTxnResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.CompactionRequest` */
export interface CompactionRequest {
  revision: number;
  physical: boolean;
}

/** Returns a `CompactionRequest` with every field at its default. */
export function newCompactionRequest(): CompactionRequest {
  return {
    revision: 0,
    physical: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeCompactionRequest(w: Writer, m: Partial<CompactionRequest>): void {
  if (m.physical === true) {
    w.bool(m.physical);
    w.uvarint(16);
  }
  if (m.revision !== undefined && m.revision !== 0) {
    w.varint(m.revision);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeCompactionRequest(m: Partial<CompactionRequest>): Uint8Array {
  const w = startWriter();
  writeCompactionRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readCompactionRequest(r: Reader, end: number): CompactionRequest {
  const m = newCompactionRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.revision = r.int64();
        break;
      case 16:
        m.physical = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeCompactionRequest(bytes: Uint8Array): CompactionRequest {
  const r = startReader(bytes);
  try {
    return readCompactionRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.CompactionResponse` */
export interface CompactionResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `CompactionResponse` with every field at its default. */
export function newCompactionResponse(): CompactionResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeCompactionResponse(w: Writer, m: Partial<CompactionResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeCompactionResponse(m: Partial<CompactionResponse>): Uint8Array {
  const w = startWriter();
  writeCompactionResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readCompactionResponse(r: Reader, end: number): CompactionResponse {
  const m = newCompactionResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeCompactionResponse(bytes: Uint8Array): CompactionResponse {
  const r = startReader(bytes);
  try {
    return readCompactionResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.HashRequest` */
export interface HashRequest {
}

/** Returns a `HashRequest` with every field at its default. */
export function newHashRequest(): HashRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHashRequest(_w: Writer, _m: Partial<HashRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeHashRequest(m: Partial<HashRequest>): Uint8Array {
  const w = startWriter();
  writeHashRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHashRequest(r: Reader, end: number): HashRequest {
  const m = newHashRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHashRequest(bytes: Uint8Array): HashRequest {
  const r = startReader(bytes);
  try {
    return readHashRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.HashKVRequest` */
export interface HashKVRequest {
  revision: number;
}

/** Returns a `HashKVRequest` with every field at its default. */
export function newHashKVRequest(): HashKVRequest {
  return {
    revision: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHashKVRequest(w: Writer, m: Partial<HashKVRequest>): void {
  if (m.revision !== undefined && m.revision !== 0) {
    w.varint(m.revision);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeHashKVRequest(m: Partial<HashKVRequest>): Uint8Array {
  const w = startWriter();
  writeHashKVRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHashKVRequest(r: Reader, end: number): HashKVRequest {
  const m = newHashKVRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.revision = r.int64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHashKVRequest(bytes: Uint8Array): HashKVRequest {
  const r = startReader(bytes);
  try {
    return readHashKVRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.HashKVResponse` */
export interface HashKVResponse {
  header: ResponseHeader | undefined;
  hash: number;
  compactRevision: number;
  hashRevision: number;
}

/** Returns a `HashKVResponse` with every field at its default. */
export function newHashKVResponse(): HashKVResponse {
  return {
    header: undefined,
    hash: 0,
    compactRevision: 0,
    hashRevision: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHashKVResponse(w: Writer, m: Partial<HashKVResponse>): void {
  if (m.hashRevision !== undefined && m.hashRevision !== 0) {
    w.varint(m.hashRevision);
    w.uvarint(32);
  }
  if (m.compactRevision !== undefined && m.compactRevision !== 0) {
    w.varint(m.compactRevision);
    w.uvarint(24);
  }
  if (m.hash !== undefined && m.hash !== 0) {
    w.varint(m.hash);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeHashKVResponse(m: Partial<HashKVResponse>): Uint8Array {
  const w = startWriter();
  writeHashKVResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHashKVResponse(r: Reader, end: number): HashKVResponse {
  const m = newHashKVResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.hash = r.uint32();
        break;
      case 24:
        m.compactRevision = r.int64();
        break;
      case 32:
        m.hashRevision = r.int64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHashKVResponse(bytes: Uint8Array): HashKVResponse {
  const r = startReader(bytes);
  try {
    return readHashKVResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.HashResponse` */
export interface HashResponse {
  header: ResponseHeader | undefined;
  hash: number;
}

/** Returns a `HashResponse` with every field at its default. */
export function newHashResponse(): HashResponse {
  return {
    header: undefined,
    hash: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeHashResponse(w: Writer, m: Partial<HashResponse>): void {
  if (m.hash !== undefined && m.hash !== 0) {
    w.varint(m.hash);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeHashResponse(m: Partial<HashResponse>): Uint8Array {
  const w = startWriter();
  writeHashResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readHashResponse(r: Reader, end: number): HashResponse {
  const m = newHashResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.hash = r.uint32();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeHashResponse(bytes: Uint8Array): HashResponse {
  const r = startReader(bytes);
  try {
    return readHashResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.SnapshotRequest` */
export interface SnapshotRequest {
}

/** Returns a `SnapshotRequest` with every field at its default. */
export function newSnapshotRequest(): SnapshotRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeSnapshotRequest(_w: Writer, _m: Partial<SnapshotRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeSnapshotRequest(m: Partial<SnapshotRequest>): Uint8Array {
  const w = startWriter();
  writeSnapshotRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readSnapshotRequest(r: Reader, end: number): SnapshotRequest {
  const m = newSnapshotRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeSnapshotRequest(bytes: Uint8Array): SnapshotRequest {
  const r = startReader(bytes);
  try {
    return readSnapshotRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.SnapshotResponse` */
export interface SnapshotResponse {
  header: ResponseHeader | undefined;
  remainingBytes: number;
  blob: Uint8Array;
  version: string;
}

/** Returns a `SnapshotResponse` with every field at its default. */
export function newSnapshotResponse(): SnapshotResponse {
  return {
    header: undefined,
    remainingBytes: 0,
    blob: emptyBytes,
    version: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeSnapshotResponse(w: Writer, m: Partial<SnapshotResponse>): void {
  if (m.version !== undefined && m.version.length > 0) {
    w.string(m.version);
    w.uvarint(34);
  }
  if (m.blob !== undefined && m.blob.length > 0) {
    w.bytes(m.blob);
    w.uvarint(26);
  }
  if (m.remainingBytes !== undefined && m.remainingBytes !== 0) {
    w.varint(m.remainingBytes);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeSnapshotResponse(m: Partial<SnapshotResponse>): Uint8Array {
  const w = startWriter();
  writeSnapshotResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readSnapshotResponse(r: Reader, end: number): SnapshotResponse {
  const m = newSnapshotResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.remainingBytes = r.uint64();
        break;
      case 26:
        m.blob = r.bytes();
        break;
      case 34:
        m.version = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeSnapshotResponse(bytes: Uint8Array): SnapshotResponse {
  const r = startReader(bytes);
  try {
    return readSnapshotResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.WatchRequest` */
export interface WatchRequest {
  createRequest: WatchCreateRequest | undefined;
  cancelRequest: WatchCancelRequest | undefined;
  progressRequest: WatchProgressRequest | undefined;
}

/** Returns a `WatchRequest` with every field at its default. */
export function newWatchRequest(): WatchRequest {
  return {
    createRequest: undefined,
    cancelRequest: undefined,
    progressRequest: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeWatchRequest(w: Writer, m: Partial<WatchRequest>): void {
  if (m.progressRequest !== undefined) {
    const end = w.mark();
    writeWatchProgressRequest(w, m.progressRequest);
    w.uvarint(end - w.mark());
    w.uvarint(26);
  }
  if (m.cancelRequest !== undefined) {
    const end = w.mark();
    writeWatchCancelRequest(w, m.cancelRequest);
    w.uvarint(end - w.mark());
    w.uvarint(18);
  }
  if (m.createRequest !== undefined) {
    const end = w.mark();
    writeWatchCreateRequest(w, m.createRequest);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeWatchRequest(m: Partial<WatchRequest>): Uint8Array {
  const w = startWriter();
  writeWatchRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readWatchRequest(r: Reader, end: number): WatchRequest {
  const m = newWatchRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.createRequest = readWatchCreateRequest(r, r.lengthEnd());
        m.cancelRequest = undefined;
        m.progressRequest = undefined;
        break;
      case 18:
        m.cancelRequest = readWatchCancelRequest(r, r.lengthEnd());
        m.createRequest = undefined;
        m.progressRequest = undefined;
        break;
      case 26:
        m.progressRequest = readWatchProgressRequest(r, r.lengthEnd());
        m.createRequest = undefined;
        m.cancelRequest = undefined;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeWatchRequest(bytes: Uint8Array): WatchRequest {
  const r = startReader(bytes);
  try {
    return readWatchRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.WatchCreateRequest` */
export interface WatchCreateRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  startRevision: number;
  progressNotify: boolean;
  filters: number[];
  prevKv: boolean;
  watchId: number;
  fragment: boolean;
}

/** Returns a `WatchCreateRequest` with every field at its default. */
export function newWatchCreateRequest(): WatchCreateRequest {
  return {
    key: emptyBytes,
    rangeEnd: emptyBytes,
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeWatchCreateRequest(w: Writer, m: Partial<WatchCreateRequest>): void {
  if (m.fragment === true) {
    w.bool(m.fragment);
    w.uvarint(64);
  }
  if (m.watchId !== undefined && m.watchId !== 0) {
    w.varint(m.watchId);
    w.uvarint(56);
  }
  if (m.prevKv === true) {
    w.bool(m.prevKv);
    w.uvarint(48);
  }
  if (m.filters !== undefined && m.filters.length > 0) {
    const end = w.mark();
    for (let i = m.filters.length - 1; i >= 0; i--) w.varint(m.filters[i] as number);
    w.uvarint(end - w.mark());
    w.uvarint(42);
  }
  if (m.progressNotify === true) {
    w.bool(m.progressNotify);
    w.uvarint(32);
  }
  if (m.startRevision !== undefined && m.startRevision !== 0) {
    w.varint(m.startRevision);
    w.uvarint(24);
  }
  if (m.rangeEnd !== undefined && m.rangeEnd.length > 0) {
    w.bytes(m.rangeEnd);
    w.uvarint(18);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeWatchCreateRequest(m: Partial<WatchCreateRequest>): Uint8Array {
  const w = startWriter();
  writeWatchCreateRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readWatchCreateRequest(r: Reader, end: number): WatchCreateRequest {
  const m = newWatchCreateRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.key = r.bytes();
        break;
      case 18:
        m.rangeEnd = r.bytes();
        break;
      case 24:
        m.startRevision = r.int64();
        break;
      case 32:
        m.progressNotify = r.bool();
        break;
      case 42: {
        const packedEnd = r.lengthEnd();
        while (r.at < packedEnd) m.filters.push(r.int32());
        break;
      }
      case 40:
        m.filters.push(r.int32());
        break;
      case 48:
        m.prevKv = r.bool();
        break;
      case 56:
        m.watchId = r.int64();
        break;
      case 64:
        m.fragment = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeWatchCreateRequest(bytes: Uint8Array): WatchCreateRequest {
  const r = startReader(bytes);
  try {
    return readWatchCreateRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.WatchCreateRequest.FilterType` */
export const FilterType = {
  NOPUT: 0,
  NODELETE: 1,
} as const;

/** `etcdserverpb.WatchCancelRequest` */
export interface WatchCancelRequest {
  watchId: number;
}

/** Returns a `WatchCancelRequest` with every field at its default. */
export function newWatchCancelRequest(): WatchCancelRequest {
  return {
    watchId: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeWatchCancelRequest(w: Writer, m: Partial<WatchCancelRequest>): void {
  if (m.watchId !== undefined && m.watchId !== 0) {
    w.varint(m.watchId);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeWatchCancelRequest(m: Partial<WatchCancelRequest>): Uint8Array {
  const w = startWriter();
  writeWatchCancelRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readWatchCancelRequest(r: Reader, end: number): WatchCancelRequest {
  const m = newWatchCancelRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.watchId = r.int64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeWatchCancelRequest(bytes: Uint8Array): WatchCancelRequest {
  const r = startReader(bytes);
  try {
    return readWatchCancelRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.WatchProgressRequest` */
export interface WatchProgressRequest {
}

/** Returns a `WatchProgressRequest` with every field at its default. */
export function newWatchProgressRequest(): WatchProgressRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeWatchProgressRequest(_w: Writer, _m: Partial<WatchProgressRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeWatchProgressRequest(m: Partial<WatchProgressRequest>): Uint8Array {
  const w = startWriter();
  writeWatchProgressRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readWatchProgressRequest(r: Reader, end: number): WatchProgressRequest {
  const m = newWatchProgressRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeWatchProgressRequest(bytes: Uint8Array): WatchProgressRequest {
  const r = startReader(bytes);
  try {
    return readWatchProgressRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.WatchResponse` */
export interface WatchResponse {
  header: ResponseHeader | undefined;
  watchId: number;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: Event[];
}

/** Returns a `WatchResponse` with every field at its default. */
export function newWatchResponse(): WatchResponse {
  return {
    header: undefined,
    watchId: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeWatchResponse(w: Writer, m: Partial<WatchResponse>): void {
  if (m.events !== undefined) {
    for (let i = m.events.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeEvent(w, m.events[i] as Event);
      w.uvarint(end - w.mark());
      w.uvarint(90);
    }
  }
  if (m.fragment === true) {
    w.bool(m.fragment);
    w.uvarint(56);
  }
  if (m.cancelReason !== undefined && m.cancelReason.length > 0) {
    w.string(m.cancelReason);
    w.uvarint(50);
  }
  if (m.compactRevision !== undefined && m.compactRevision !== 0) {
    w.varint(m.compactRevision);
    w.uvarint(40);
  }
  if (m.canceled === true) {
    w.bool(m.canceled);
    w.uvarint(32);
  }
  if (m.created === true) {
    w.bool(m.created);
    w.uvarint(24);
  }
  if (m.watchId !== undefined && m.watchId !== 0) {
    w.varint(m.watchId);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeWatchResponse(m: Partial<WatchResponse>): Uint8Array {
  const w = startWriter();
  writeWatchResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readWatchResponse(r: Reader, end: number): WatchResponse {
  const m = newWatchResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.watchId = r.int64();
        break;
      case 24:
        m.created = r.bool();
        break;
      case 32:
        m.canceled = r.bool();
        break;
      case 40:
        m.compactRevision = r.int64();
        break;
      case 50:
        m.cancelReason = r.string();
        break;
      case 56:
        m.fragment = r.bool();
        break;
      case 90:
        m.events.push(readEvent(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeWatchResponse(bytes: Uint8Array): WatchResponse {
  const r = startReader(bytes);
  try {
    return readWatchResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseGrantRequest` */
export interface LeaseGrantRequest {
  ttl: number;
  id: LeaseId;
}

/** Returns a `LeaseGrantRequest` with every field at its default. */
export function newLeaseGrantRequest(): LeaseGrantRequest {
  return {
    ttl: 0,
    id: 0n as LeaseId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseGrantRequest(w: Writer, m: Partial<LeaseGrantRequest>): void {
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(16);
  }
  if (m.ttl !== undefined && m.ttl !== 0) {
    w.varint(m.ttl);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseGrantRequest(m: Partial<LeaseGrantRequest>): Uint8Array {
  const w = startWriter();
  writeLeaseGrantRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseGrantRequest(r: Reader, end: number): LeaseGrantRequest {
  const m = newLeaseGrantRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.ttl = r.int64();
        break;
      case 16:
        m.id = r.bigInt64() as LeaseId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseGrantRequest(bytes: Uint8Array): LeaseGrantRequest {
  const r = startReader(bytes);
  try {
    return readLeaseGrantRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseGrantResponse` */
export interface LeaseGrantResponse {
  header: ResponseHeader | undefined;
  id: LeaseId;
  ttl: number;
  error: string;
}

/** Returns a `LeaseGrantResponse` with every field at its default. */
export function newLeaseGrantResponse(): LeaseGrantResponse {
  return {
    header: undefined,
    id: 0n as LeaseId,
    ttl: 0,
    error: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseGrantResponse(w: Writer, m: Partial<LeaseGrantResponse>): void {
  if (m.error !== undefined && m.error.length > 0) {
    w.string(m.error);
    w.uvarint(34);
  }
  if (m.ttl !== undefined && m.ttl !== 0) {
    w.varint(m.ttl);
    w.uvarint(24);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseGrantResponse(m: Partial<LeaseGrantResponse>): Uint8Array {
  const w = startWriter();
  writeLeaseGrantResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseGrantResponse(r: Reader, end: number): LeaseGrantResponse {
  const m = newLeaseGrantResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.id = r.bigInt64() as LeaseId;
        break;
      case 24:
        m.ttl = r.int64();
        break;
      case 34:
        m.error = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseGrantResponse(bytes: Uint8Array): LeaseGrantResponse {
  const r = startReader(bytes);
  try {
    return readLeaseGrantResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseRevokeRequest` */
export interface LeaseRevokeRequest {
  id: LeaseId;
}

/** Returns a `LeaseRevokeRequest` with every field at its default. */
export function newLeaseRevokeRequest(): LeaseRevokeRequest {
  return {
    id: 0n as LeaseId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseRevokeRequest(w: Writer, m: Partial<LeaseRevokeRequest>): void {
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseRevokeRequest(m: Partial<LeaseRevokeRequest>): Uint8Array {
  const w = startWriter();
  writeLeaseRevokeRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseRevokeRequest(r: Reader, end: number): LeaseRevokeRequest {
  const m = newLeaseRevokeRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigInt64() as LeaseId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseRevokeRequest(bytes: Uint8Array): LeaseRevokeRequest {
  const r = startReader(bytes);
  try {
    return readLeaseRevokeRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseRevokeResponse` */
export interface LeaseRevokeResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `LeaseRevokeResponse` with every field at its default. */
export function newLeaseRevokeResponse(): LeaseRevokeResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseRevokeResponse(w: Writer, m: Partial<LeaseRevokeResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseRevokeResponse(m: Partial<LeaseRevokeResponse>): Uint8Array {
  const w = startWriter();
  writeLeaseRevokeResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseRevokeResponse(r: Reader, end: number): LeaseRevokeResponse {
  const m = newLeaseRevokeResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseRevokeResponse(bytes: Uint8Array): LeaseRevokeResponse {
  const r = startReader(bytes);
  try {
    return readLeaseRevokeResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseCheckpoint` */
export interface LeaseCheckpoint {
  id: LeaseId;
  remainingTtl: number;
}

/** Returns a `LeaseCheckpoint` with every field at its default. */
export function newLeaseCheckpoint(): LeaseCheckpoint {
  return {
    id: 0n as LeaseId,
    remainingTtl: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseCheckpoint(w: Writer, m: Partial<LeaseCheckpoint>): void {
  if (m.remainingTtl !== undefined && m.remainingTtl !== 0) {
    w.varint(m.remainingTtl);
    w.uvarint(16);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseCheckpoint(m: Partial<LeaseCheckpoint>): Uint8Array {
  const w = startWriter();
  writeLeaseCheckpoint(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseCheckpoint(r: Reader, end: number): LeaseCheckpoint {
  const m = newLeaseCheckpoint();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigInt64() as LeaseId;
        break;
      case 16:
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
export function decodeLeaseCheckpoint(bytes: Uint8Array): LeaseCheckpoint {
  const r = startReader(bytes);
  try {
    return readLeaseCheckpoint(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseCheckpointRequest` */
export interface LeaseCheckpointRequest {
  checkpoints: LeaseCheckpoint[];
}

/** Returns a `LeaseCheckpointRequest` with every field at its default. */
export function newLeaseCheckpointRequest(): LeaseCheckpointRequest {
  return {
    checkpoints: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseCheckpointRequest(w: Writer, m: Partial<LeaseCheckpointRequest>): void {
  if (m.checkpoints !== undefined) {
    for (let i = m.checkpoints.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeLeaseCheckpoint(w, m.checkpoints[i] as LeaseCheckpoint);
      w.uvarint(end - w.mark());
      w.uvarint(10);
    }
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseCheckpointRequest(m: Partial<LeaseCheckpointRequest>): Uint8Array {
  const w = startWriter();
  writeLeaseCheckpointRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseCheckpointRequest(r: Reader, end: number): LeaseCheckpointRequest {
  const m = newLeaseCheckpointRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.checkpoints.push(readLeaseCheckpoint(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseCheckpointRequest(bytes: Uint8Array): LeaseCheckpointRequest {
  const r = startReader(bytes);
  try {
    return readLeaseCheckpointRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseCheckpointResponse` */
export interface LeaseCheckpointResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `LeaseCheckpointResponse` with every field at its default. */
export function newLeaseCheckpointResponse(): LeaseCheckpointResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseCheckpointResponse(w: Writer, m: Partial<LeaseCheckpointResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseCheckpointResponse(m: Partial<LeaseCheckpointResponse>): Uint8Array {
  const w = startWriter();
  writeLeaseCheckpointResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseCheckpointResponse(r: Reader, end: number): LeaseCheckpointResponse {
  const m = newLeaseCheckpointResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseCheckpointResponse(bytes: Uint8Array): LeaseCheckpointResponse {
  const r = startReader(bytes);
  try {
    return readLeaseCheckpointResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseKeepAliveRequest` */
export interface LeaseKeepAliveRequest {
  id: LeaseId;
}

/** Returns a `LeaseKeepAliveRequest` with every field at its default. */
export function newLeaseKeepAliveRequest(): LeaseKeepAliveRequest {
  return {
    id: 0n as LeaseId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseKeepAliveRequest(w: Writer, m: Partial<LeaseKeepAliveRequest>): void {
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseKeepAliveRequest(m: Partial<LeaseKeepAliveRequest>): Uint8Array {
  const w = startWriter();
  writeLeaseKeepAliveRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseKeepAliveRequest(r: Reader, end: number): LeaseKeepAliveRequest {
  const m = newLeaseKeepAliveRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigInt64() as LeaseId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseKeepAliveRequest(bytes: Uint8Array): LeaseKeepAliveRequest {
  const r = startReader(bytes);
  try {
    return readLeaseKeepAliveRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseKeepAliveResponse` */
export interface LeaseKeepAliveResponse {
  header: ResponseHeader | undefined;
  id: LeaseId;
  ttl: number;
}

/** Returns a `LeaseKeepAliveResponse` with every field at its default. */
export function newLeaseKeepAliveResponse(): LeaseKeepAliveResponse {
  return {
    header: undefined,
    id: 0n as LeaseId,
    ttl: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseKeepAliveResponse(w: Writer, m: Partial<LeaseKeepAliveResponse>): void {
  if (m.ttl !== undefined && m.ttl !== 0) {
    w.varint(m.ttl);
    w.uvarint(24);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseKeepAliveResponse(m: Partial<LeaseKeepAliveResponse>): Uint8Array {
  const w = startWriter();
  writeLeaseKeepAliveResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseKeepAliveResponse(r: Reader, end: number): LeaseKeepAliveResponse {
  const m = newLeaseKeepAliveResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.id = r.bigInt64() as LeaseId;
        break;
      case 24:
        m.ttl = r.int64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseKeepAliveResponse(bytes: Uint8Array): LeaseKeepAliveResponse {
  const r = startReader(bytes);
  try {
    return readLeaseKeepAliveResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseTimeToLiveRequest` */
export interface LeaseTimeToLiveRequest {
  id: LeaseId;
  keys: boolean;
}

/** Returns a `LeaseTimeToLiveRequest` with every field at its default. */
export function newLeaseTimeToLiveRequest(): LeaseTimeToLiveRequest {
  return {
    id: 0n as LeaseId,
    keys: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseTimeToLiveRequest(w: Writer, m: Partial<LeaseTimeToLiveRequest>): void {
  if (m.keys === true) {
    w.bool(m.keys);
    w.uvarint(16);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseTimeToLiveRequest(m: Partial<LeaseTimeToLiveRequest>): Uint8Array {
  const w = startWriter();
  writeLeaseTimeToLiveRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseTimeToLiveRequest(r: Reader, end: number): LeaseTimeToLiveRequest {
  const m = newLeaseTimeToLiveRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigInt64() as LeaseId;
        break;
      case 16:
        m.keys = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseTimeToLiveRequest(bytes: Uint8Array): LeaseTimeToLiveRequest {
  const r = startReader(bytes);
  try {
    return readLeaseTimeToLiveRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseTimeToLiveResponse` */
export interface LeaseTimeToLiveResponse {
  header: ResponseHeader | undefined;
  id: LeaseId;
  ttl: number;
  grantedTtl: number;
  keys: Uint8Array[];
}

/** Returns a `LeaseTimeToLiveResponse` with every field at its default. */
export function newLeaseTimeToLiveResponse(): LeaseTimeToLiveResponse {
  return {
    header: undefined,
    id: 0n as LeaseId,
    ttl: 0,
    grantedTtl: 0,
    keys: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseTimeToLiveResponse(w: Writer, m: Partial<LeaseTimeToLiveResponse>): void {
  if (m.keys !== undefined) {
    for (let i = m.keys.length - 1; i >= 0; i--) {
      w.bytes(m.keys[i] as Uint8Array);
      w.uvarint(42);
    }
  }
  if (m.grantedTtl !== undefined && m.grantedTtl !== 0) {
    w.varint(m.grantedTtl);
    w.uvarint(32);
  }
  if (m.ttl !== undefined && m.ttl !== 0) {
    w.varint(m.ttl);
    w.uvarint(24);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseTimeToLiveResponse(m: Partial<LeaseTimeToLiveResponse>): Uint8Array {
  const w = startWriter();
  writeLeaseTimeToLiveResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseTimeToLiveResponse(r: Reader, end: number): LeaseTimeToLiveResponse {
  const m = newLeaseTimeToLiveResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.id = r.bigInt64() as LeaseId;
        break;
      case 24:
        m.ttl = r.int64();
        break;
      case 32:
        m.grantedTtl = r.int64();
        break;
      case 42:
        m.keys.push(r.bytes());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseTimeToLiveResponse(bytes: Uint8Array): LeaseTimeToLiveResponse {
  const r = startReader(bytes);
  try {
    return readLeaseTimeToLiveResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseLeasesRequest` */
export interface LeaseLeasesRequest {
}

/** Returns a `LeaseLeasesRequest` with every field at its default. */
export function newLeaseLeasesRequest(): LeaseLeasesRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseLeasesRequest(_w: Writer, _m: Partial<LeaseLeasesRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeLeaseLeasesRequest(m: Partial<LeaseLeasesRequest>): Uint8Array {
  const w = startWriter();
  writeLeaseLeasesRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseLeasesRequest(r: Reader, end: number): LeaseLeasesRequest {
  const m = newLeaseLeasesRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseLeasesRequest(bytes: Uint8Array): LeaseLeasesRequest {
  const r = startReader(bytes);
  try {
    return readLeaseLeasesRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseStatus` */
export interface LeaseStatus {
  id: LeaseId;
}

/** Returns a `LeaseStatus` with every field at its default. */
export function newLeaseStatus(): LeaseStatus {
  return {
    id: 0n as LeaseId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseStatus(w: Writer, m: Partial<LeaseStatus>): void {
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseStatus(m: Partial<LeaseStatus>): Uint8Array {
  const w = startWriter();
  writeLeaseStatus(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseStatus(r: Reader, end: number): LeaseStatus {
  const m = newLeaseStatus();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigInt64() as LeaseId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseStatus(bytes: Uint8Array): LeaseStatus {
  const r = startReader(bytes);
  try {
    return readLeaseStatus(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.LeaseLeasesResponse` */
export interface LeaseLeasesResponse {
  header: ResponseHeader | undefined;
  leases: LeaseStatus[];
}

/** Returns a `LeaseLeasesResponse` with every field at its default. */
export function newLeaseLeasesResponse(): LeaseLeasesResponse {
  return {
    header: undefined,
    leases: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeLeaseLeasesResponse(w: Writer, m: Partial<LeaseLeasesResponse>): void {
  if (m.leases !== undefined) {
    for (let i = m.leases.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeLeaseStatus(w, m.leases[i] as LeaseStatus);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeLeaseLeasesResponse(m: Partial<LeaseLeasesResponse>): Uint8Array {
  const w = startWriter();
  writeLeaseLeasesResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readLeaseLeasesResponse(r: Reader, end: number): LeaseLeasesResponse {
  const m = newLeaseLeasesResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.leases.push(readLeaseStatus(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeLeaseLeasesResponse(bytes: Uint8Array): LeaseLeasesResponse {
  const r = startReader(bytes);
  try {
    return readLeaseLeasesResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.Member` */
export interface Member {
  id: MemberId;
  name: string;
  peerUrls: string[];
  clientUrls: string[];
  isLearner: boolean;
}

/** Returns a `Member` with every field at its default. */
export function newMember(): Member {
  return {
    id: 0n as MemberId,
    name: "",
    peerUrls: [],
    clientUrls: [],
    isLearner: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMember(w: Writer, m: Partial<Member>): void {
  if (m.isLearner === true) {
    w.bool(m.isLearner);
    w.uvarint(40);
  }
  if (m.clientUrls !== undefined) {
    for (let i = m.clientUrls.length - 1; i >= 0; i--) {
      w.string(m.clientUrls[i] as string);
      w.uvarint(34);
    }
  }
  if (m.peerUrls !== undefined) {
    for (let i = m.peerUrls.length - 1; i >= 0; i--) {
      w.string(m.peerUrls[i] as string);
      w.uvarint(26);
    }
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
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
        m.name = r.string();
        break;
      case 26:
        m.peerUrls.push(r.string());
        break;
      case 34:
        m.clientUrls.push(r.string());
        break;
      case 40:
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
export function decodeMember(bytes: Uint8Array): Member {
  const r = startReader(bytes);
  try {
    return readMember(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberAddRequest` */
export interface MemberAddRequest {
  peerUrls: string[];
  isLearner: boolean;
}

/** Returns a `MemberAddRequest` with every field at its default. */
export function newMemberAddRequest(): MemberAddRequest {
  return {
    peerUrls: [],
    isLearner: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberAddRequest(w: Writer, m: Partial<MemberAddRequest>): void {
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
export function encodeMemberAddRequest(m: Partial<MemberAddRequest>): Uint8Array {
  const w = startWriter();
  writeMemberAddRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberAddRequest(r: Reader, end: number): MemberAddRequest {
  const m = newMemberAddRequest();
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
export function decodeMemberAddRequest(bytes: Uint8Array): MemberAddRequest {
  const r = startReader(bytes);
  try {
    return readMemberAddRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberAddResponse` */
export interface MemberAddResponse {
  header: ResponseHeader | undefined;
  member: Member | undefined;
  members: Member[];
}

/** Returns a `MemberAddResponse` with every field at its default. */
export function newMemberAddResponse(): MemberAddResponse {
  return {
    header: undefined,
    member: undefined,
    members: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberAddResponse(w: Writer, m: Partial<MemberAddResponse>): void {
  if (m.members !== undefined) {
    for (let i = m.members.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeMember(w, m.members[i] as Member);
      w.uvarint(end - w.mark());
      w.uvarint(26);
    }
  }
  if (m.member !== undefined) {
    const end = w.mark();
    writeMember(w, m.member);
    w.uvarint(end - w.mark());
    w.uvarint(18);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberAddResponse(m: Partial<MemberAddResponse>): Uint8Array {
  const w = startWriter();
  writeMemberAddResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberAddResponse(r: Reader, end: number): MemberAddResponse {
  const m = newMemberAddResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.member = readMember(r, r.lengthEnd());
        break;
      case 26:
        m.members.push(readMember(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberAddResponse(bytes: Uint8Array): MemberAddResponse {
  const r = startReader(bytes);
  try {
    return readMemberAddResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberRemoveRequest` */
export interface MemberRemoveRequest {
  id: MemberId;
}

/** Returns a `MemberRemoveRequest` with every field at its default. */
export function newMemberRemoveRequest(): MemberRemoveRequest {
  return {
    id: 0n as MemberId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberRemoveRequest(w: Writer, m: Partial<MemberRemoveRequest>): void {
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberRemoveRequest(m: Partial<MemberRemoveRequest>): Uint8Array {
  const w = startWriter();
  writeMemberRemoveRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberRemoveRequest(r: Reader, end: number): MemberRemoveRequest {
  const m = newMemberRemoveRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigUint64() as MemberId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberRemoveRequest(bytes: Uint8Array): MemberRemoveRequest {
  const r = startReader(bytes);
  try {
    return readMemberRemoveRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberRemoveResponse` */
export interface MemberRemoveResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** Returns a `MemberRemoveResponse` with every field at its default. */
export function newMemberRemoveResponse(): MemberRemoveResponse {
  return {
    header: undefined,
    members: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberRemoveResponse(w: Writer, m: Partial<MemberRemoveResponse>): void {
  if (m.members !== undefined) {
    for (let i = m.members.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeMember(w, m.members[i] as Member);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberRemoveResponse(m: Partial<MemberRemoveResponse>): Uint8Array {
  const w = startWriter();
  writeMemberRemoveResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberRemoveResponse(r: Reader, end: number): MemberRemoveResponse {
  const m = newMemberRemoveResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.members.push(readMember(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberRemoveResponse(bytes: Uint8Array): MemberRemoveResponse {
  const r = startReader(bytes);
  try {
    return readMemberRemoveResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberUpdateRequest` */
export interface MemberUpdateRequest {
  id: MemberId;
  peerUrls: string[];
}

/** Returns a `MemberUpdateRequest` with every field at its default. */
export function newMemberUpdateRequest(): MemberUpdateRequest {
  return {
    id: 0n as MemberId,
    peerUrls: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberUpdateRequest(w: Writer, m: Partial<MemberUpdateRequest>): void {
  if (m.peerUrls !== undefined) {
    for (let i = m.peerUrls.length - 1; i >= 0; i--) {
      w.string(m.peerUrls[i] as string);
      w.uvarint(18);
    }
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberUpdateRequest(m: Partial<MemberUpdateRequest>): Uint8Array {
  const w = startWriter();
  writeMemberUpdateRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberUpdateRequest(r: Reader, end: number): MemberUpdateRequest {
  const m = newMemberUpdateRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigUint64() as MemberId;
        break;
      case 18:
        m.peerUrls.push(r.string());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberUpdateRequest(bytes: Uint8Array): MemberUpdateRequest {
  const r = startReader(bytes);
  try {
    return readMemberUpdateRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberUpdateResponse` */
export interface MemberUpdateResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** Returns a `MemberUpdateResponse` with every field at its default. */
export function newMemberUpdateResponse(): MemberUpdateResponse {
  return {
    header: undefined,
    members: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberUpdateResponse(w: Writer, m: Partial<MemberUpdateResponse>): void {
  if (m.members !== undefined) {
    for (let i = m.members.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeMember(w, m.members[i] as Member);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberUpdateResponse(m: Partial<MemberUpdateResponse>): Uint8Array {
  const w = startWriter();
  writeMemberUpdateResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberUpdateResponse(r: Reader, end: number): MemberUpdateResponse {
  const m = newMemberUpdateResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.members.push(readMember(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberUpdateResponse(bytes: Uint8Array): MemberUpdateResponse {
  const r = startReader(bytes);
  try {
    return readMemberUpdateResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberListRequest` */
export interface MemberListRequest {
  linearizable: boolean;
}

/** Returns a `MemberListRequest` with every field at its default. */
export function newMemberListRequest(): MemberListRequest {
  return {
    linearizable: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberListRequest(w: Writer, m: Partial<MemberListRequest>): void {
  if (m.linearizable === true) {
    w.bool(m.linearizable);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberListRequest(m: Partial<MemberListRequest>): Uint8Array {
  const w = startWriter();
  writeMemberListRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberListRequest(r: Reader, end: number): MemberListRequest {
  const m = newMemberListRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.linearizable = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberListRequest(bytes: Uint8Array): MemberListRequest {
  const r = startReader(bytes);
  try {
    return readMemberListRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberListResponse` */
export interface MemberListResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** Returns a `MemberListResponse` with every field at its default. */
export function newMemberListResponse(): MemberListResponse {
  return {
    header: undefined,
    members: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberListResponse(w: Writer, m: Partial<MemberListResponse>): void {
  if (m.members !== undefined) {
    for (let i = m.members.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeMember(w, m.members[i] as Member);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberListResponse(m: Partial<MemberListResponse>): Uint8Array {
  const w = startWriter();
  writeMemberListResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberListResponse(r: Reader, end: number): MemberListResponse {
  const m = newMemberListResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.members.push(readMember(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberListResponse(bytes: Uint8Array): MemberListResponse {
  const r = startReader(bytes);
  try {
    return readMemberListResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberPromoteRequest` */
export interface MemberPromoteRequest {
  id: MemberId;
}

/** Returns a `MemberPromoteRequest` with every field at its default. */
export function newMemberPromoteRequest(): MemberPromoteRequest {
  return {
    id: 0n as MemberId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberPromoteRequest(w: Writer, m: Partial<MemberPromoteRequest>): void {
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberPromoteRequest(m: Partial<MemberPromoteRequest>): Uint8Array {
  const w = startWriter();
  writeMemberPromoteRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberPromoteRequest(r: Reader, end: number): MemberPromoteRequest {
  const m = newMemberPromoteRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigUint64() as MemberId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberPromoteRequest(bytes: Uint8Array): MemberPromoteRequest {
  const r = startReader(bytes);
  try {
    return readMemberPromoteRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MemberPromoteResponse` */
export interface MemberPromoteResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** Returns a `MemberPromoteResponse` with every field at its default. */
export function newMemberPromoteResponse(): MemberPromoteResponse {
  return {
    header: undefined,
    members: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMemberPromoteResponse(w: Writer, m: Partial<MemberPromoteResponse>): void {
  if (m.members !== undefined) {
    for (let i = m.members.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeMember(w, m.members[i] as Member);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMemberPromoteResponse(m: Partial<MemberPromoteResponse>): Uint8Array {
  const w = startWriter();
  writeMemberPromoteResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMemberPromoteResponse(r: Reader, end: number): MemberPromoteResponse {
  const m = newMemberPromoteResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.members.push(readMember(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMemberPromoteResponse(bytes: Uint8Array): MemberPromoteResponse {
  const r = startReader(bytes);
  try {
    return readMemberPromoteResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DefragmentRequest` */
export interface DefragmentRequest {
}

/** Returns a `DefragmentRequest` with every field at its default. */
export function newDefragmentRequest(): DefragmentRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDefragmentRequest(_w: Writer, _m: Partial<DefragmentRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeDefragmentRequest(m: Partial<DefragmentRequest>): Uint8Array {
  const w = startWriter();
  writeDefragmentRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDefragmentRequest(r: Reader, end: number): DefragmentRequest {
  const m = newDefragmentRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDefragmentRequest(bytes: Uint8Array): DefragmentRequest {
  const r = startReader(bytes);
  try {
    return readDefragmentRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DefragmentResponse` */
export interface DefragmentResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `DefragmentResponse` with every field at its default. */
export function newDefragmentResponse(): DefragmentResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDefragmentResponse(w: Writer, m: Partial<DefragmentResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDefragmentResponse(m: Partial<DefragmentResponse>): Uint8Array {
  const w = startWriter();
  writeDefragmentResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDefragmentResponse(r: Reader, end: number): DefragmentResponse {
  const m = newDefragmentResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDefragmentResponse(bytes: Uint8Array): DefragmentResponse {
  const r = startReader(bytes);
  try {
    return readDefragmentResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MoveLeaderRequest` */
export interface MoveLeaderRequest {
  targetId: MemberId;
}

/** Returns a `MoveLeaderRequest` with every field at its default. */
export function newMoveLeaderRequest(): MoveLeaderRequest {
  return {
    targetId: 0n as MemberId,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMoveLeaderRequest(w: Writer, m: Partial<MoveLeaderRequest>): void {
  if (m.targetId !== undefined && m.targetId !== 0n) {
    w.bigVarint(m.targetId);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMoveLeaderRequest(m: Partial<MoveLeaderRequest>): Uint8Array {
  const w = startWriter();
  writeMoveLeaderRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMoveLeaderRequest(r: Reader, end: number): MoveLeaderRequest {
  const m = newMoveLeaderRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.targetId = r.bigUint64() as MemberId;
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMoveLeaderRequest(bytes: Uint8Array): MoveLeaderRequest {
  const r = startReader(bytes);
  try {
    return readMoveLeaderRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.MoveLeaderResponse` */
export interface MoveLeaderResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `MoveLeaderResponse` with every field at its default. */
export function newMoveLeaderResponse(): MoveLeaderResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeMoveLeaderResponse(w: Writer, m: Partial<MoveLeaderResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeMoveLeaderResponse(m: Partial<MoveLeaderResponse>): Uint8Array {
  const w = startWriter();
  writeMoveLeaderResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readMoveLeaderResponse(r: Reader, end: number): MoveLeaderResponse {
  const m = newMoveLeaderResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeMoveLeaderResponse(bytes: Uint8Array): MoveLeaderResponse {
  const r = startReader(bytes);
  try {
    return readMoveLeaderResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AlarmType` */
export const AlarmType = {
  NONE: 0,
  NOSPACE: 1,
  CORRUPT: 2,
} as const;

/** `etcdserverpb.AlarmRequest` */
export interface AlarmRequest {
  action: number;
  memberId: MemberId;
  alarm: number;
}

/** Returns a `AlarmRequest` with every field at its default. */
export function newAlarmRequest(): AlarmRequest {
  return {
    action: 0,
    memberId: 0n as MemberId,
    alarm: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAlarmRequest(w: Writer, m: Partial<AlarmRequest>): void {
  if (m.alarm !== undefined && m.alarm !== 0) {
    w.varint(m.alarm);
    w.uvarint(24);
  }
  if (m.memberId !== undefined && m.memberId !== 0n) {
    w.bigVarint(m.memberId);
    w.uvarint(16);
  }
  if (m.action !== undefined && m.action !== 0) {
    w.varint(m.action);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAlarmRequest(m: Partial<AlarmRequest>): Uint8Array {
  const w = startWriter();
  writeAlarmRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAlarmRequest(r: Reader, end: number): AlarmRequest {
  const m = newAlarmRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.action = r.int32();
        break;
      case 16:
        m.memberId = r.bigUint64() as MemberId;
        break;
      case 24:
        m.alarm = r.int32();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAlarmRequest(bytes: Uint8Array): AlarmRequest {
  const r = startReader(bytes);
  try {
    return readAlarmRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AlarmRequest.AlarmAction` */
export const AlarmAction = {
  GET: 0,
  ACTIVATE: 1,
  DEACTIVATE: 2,
} as const;

/** `etcdserverpb.AlarmMember` */
export interface AlarmMember {
  memberId: MemberId;
  alarm: number;
}

/** Returns a `AlarmMember` with every field at its default. */
export function newAlarmMember(): AlarmMember {
  return {
    memberId: 0n as MemberId,
    alarm: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAlarmMember(w: Writer, m: Partial<AlarmMember>): void {
  if (m.alarm !== undefined && m.alarm !== 0) {
    w.varint(m.alarm);
    w.uvarint(16);
  }
  if (m.memberId !== undefined && m.memberId !== 0n) {
    w.bigVarint(m.memberId);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAlarmMember(m: Partial<AlarmMember>): Uint8Array {
  const w = startWriter();
  writeAlarmMember(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAlarmMember(r: Reader, end: number): AlarmMember {
  const m = newAlarmMember();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.memberId = r.bigUint64() as MemberId;
        break;
      case 16:
        m.alarm = r.int32();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAlarmMember(bytes: Uint8Array): AlarmMember {
  const r = startReader(bytes);
  try {
    return readAlarmMember(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AlarmResponse` */
export interface AlarmResponse {
  header: ResponseHeader | undefined;
  alarms: AlarmMember[];
}

/** Returns a `AlarmResponse` with every field at its default. */
export function newAlarmResponse(): AlarmResponse {
  return {
    header: undefined,
    alarms: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAlarmResponse(w: Writer, m: Partial<AlarmResponse>): void {
  if (m.alarms !== undefined) {
    for (let i = m.alarms.length - 1; i >= 0; i--) {
      const end = w.mark();
      writeAlarmMember(w, m.alarms[i] as AlarmMember);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAlarmResponse(m: Partial<AlarmResponse>): Uint8Array {
  const w = startWriter();
  writeAlarmResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAlarmResponse(r: Reader, end: number): AlarmResponse {
  const m = newAlarmResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.alarms.push(readAlarmMember(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAlarmResponse(bytes: Uint8Array): AlarmResponse {
  const r = startReader(bytes);
  try {
    return readAlarmResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DowngradeRequest` */
export interface DowngradeRequest {
  action: number;
  version: string;
}

/** Returns a `DowngradeRequest` with every field at its default. */
export function newDowngradeRequest(): DowngradeRequest {
  return {
    action: 0,
    version: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDowngradeRequest(w: Writer, m: Partial<DowngradeRequest>): void {
  if (m.version !== undefined && m.version.length > 0) {
    w.string(m.version);
    w.uvarint(18);
  }
  if (m.action !== undefined && m.action !== 0) {
    w.varint(m.action);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDowngradeRequest(m: Partial<DowngradeRequest>): Uint8Array {
  const w = startWriter();
  writeDowngradeRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDowngradeRequest(r: Reader, end: number): DowngradeRequest {
  const m = newDowngradeRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.action = r.int32();
        break;
      case 18:
        m.version = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDowngradeRequest(bytes: Uint8Array): DowngradeRequest {
  const r = startReader(bytes);
  try {
    return readDowngradeRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DowngradeRequest.DowngradeAction` */
export const DowngradeAction = {
  VALIDATE: 0,
  ENABLE: 1,
  CANCEL: 2,
} as const;

/** `etcdserverpb.DowngradeResponse` */
export interface DowngradeResponse {
  header: ResponseHeader | undefined;
  version: string;
}

/** Returns a `DowngradeResponse` with every field at its default. */
export function newDowngradeResponse(): DowngradeResponse {
  return {
    header: undefined,
    version: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDowngradeResponse(w: Writer, m: Partial<DowngradeResponse>): void {
  if (m.version !== undefined && m.version.length > 0) {
    w.string(m.version);
    w.uvarint(18);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDowngradeResponse(m: Partial<DowngradeResponse>): Uint8Array {
  const w = startWriter();
  writeDowngradeResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDowngradeResponse(r: Reader, end: number): DowngradeResponse {
  const m = newDowngradeResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.version = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDowngradeResponse(bytes: Uint8Array): DowngradeResponse {
  const r = startReader(bytes);
  try {
    return readDowngradeResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DowngradeVersionTestRequest` */
export interface DowngradeVersionTestRequest {
  ver: string;
}

/** Returns a `DowngradeVersionTestRequest` with every field at its default. */
export function newDowngradeVersionTestRequest(): DowngradeVersionTestRequest {
  return {
    ver: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDowngradeVersionTestRequest(w: Writer, m: Partial<DowngradeVersionTestRequest>): void {
  if (m.ver !== undefined && m.ver.length > 0) {
    w.string(m.ver);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDowngradeVersionTestRequest(m: Partial<DowngradeVersionTestRequest>): Uint8Array {
  const w = startWriter();
  writeDowngradeVersionTestRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDowngradeVersionTestRequest(r: Reader, end: number): DowngradeVersionTestRequest {
  const m = newDowngradeVersionTestRequest();
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
export function decodeDowngradeVersionTestRequest(bytes: Uint8Array): DowngradeVersionTestRequest {
  const r = startReader(bytes);
  try {
    return readDowngradeVersionTestRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.StatusRequest` */
export interface StatusRequest {
}

/** Returns a `StatusRequest` with every field at its default. */
export function newStatusRequest(): StatusRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeStatusRequest(_w: Writer, _m: Partial<StatusRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeStatusRequest(m: Partial<StatusRequest>): Uint8Array {
  const w = startWriter();
  writeStatusRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readStatusRequest(r: Reader, end: number): StatusRequest {
  const m = newStatusRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeStatusRequest(bytes: Uint8Array): StatusRequest {
  const r = startReader(bytes);
  try {
    return readStatusRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.StatusResponse` */
export interface StatusResponse {
  header: ResponseHeader | undefined;
  version: string;
  dbSize: number;
  leader: MemberId;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  dbSizeInUse: number;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: number;
  downgradeInfo: DowngradeInfo | undefined;
}

/** Returns a `StatusResponse` with every field at its default. */
export function newStatusResponse(): StatusResponse {
  return {
    header: undefined,
    version: "",
    dbSize: 0,
    leader: 0n as MemberId,
    raftIndex: 0,
    raftTerm: 0,
    raftAppliedIndex: 0,
    errors: [],
    dbSizeInUse: 0,
    isLearner: false,
    storageVersion: "",
    dbSizeQuota: 0,
    downgradeInfo: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeStatusResponse(w: Writer, m: Partial<StatusResponse>): void {
  if (m.downgradeInfo !== undefined) {
    const end = w.mark();
    writeDowngradeInfo(w, m.downgradeInfo);
    w.uvarint(end - w.mark());
    w.uvarint(106);
  }
  if (m.dbSizeQuota !== undefined && m.dbSizeQuota !== 0) {
    w.varint(m.dbSizeQuota);
    w.uvarint(96);
  }
  if (m.storageVersion !== undefined && m.storageVersion.length > 0) {
    w.string(m.storageVersion);
    w.uvarint(90);
  }
  if (m.isLearner === true) {
    w.bool(m.isLearner);
    w.uvarint(80);
  }
  if (m.dbSizeInUse !== undefined && m.dbSizeInUse !== 0) {
    w.varint(m.dbSizeInUse);
    w.uvarint(72);
  }
  if (m.errors !== undefined) {
    for (let i = m.errors.length - 1; i >= 0; i--) {
      w.string(m.errors[i] as string);
      w.uvarint(66);
    }
  }
  if (m.raftAppliedIndex !== undefined && m.raftAppliedIndex !== 0) {
    w.varint(m.raftAppliedIndex);
    w.uvarint(56);
  }
  if (m.raftTerm !== undefined && m.raftTerm !== 0) {
    w.varint(m.raftTerm);
    w.uvarint(48);
  }
  if (m.raftIndex !== undefined && m.raftIndex !== 0) {
    w.varint(m.raftIndex);
    w.uvarint(40);
  }
  if (m.leader !== undefined && m.leader !== 0n) {
    w.bigVarint(m.leader);
    w.uvarint(32);
  }
  if (m.dbSize !== undefined && m.dbSize !== 0) {
    w.varint(m.dbSize);
    w.uvarint(24);
  }
  if (m.version !== undefined && m.version.length > 0) {
    w.string(m.version);
    w.uvarint(18);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeStatusResponse(m: Partial<StatusResponse>): Uint8Array {
  const w = startWriter();
  writeStatusResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readStatusResponse(r: Reader, end: number): StatusResponse {
  const m = newStatusResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.version = r.string();
        break;
      case 24:
        m.dbSize = r.int64();
        break;
      case 32:
        m.leader = r.bigUint64() as MemberId;
        break;
      case 40:
        m.raftIndex = r.uint64();
        break;
      case 48:
        m.raftTerm = r.uint64();
        break;
      case 56:
        m.raftAppliedIndex = r.uint64();
        break;
      case 66:
        m.errors.push(r.string());
        break;
      case 72:
        m.dbSizeInUse = r.int64();
        break;
      case 80:
        m.isLearner = r.bool();
        break;
      case 90:
        m.storageVersion = r.string();
        break;
      case 96:
        m.dbSizeQuota = r.int64();
        break;
      case 106:
        m.downgradeInfo = readDowngradeInfo(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeStatusResponse(bytes: Uint8Array): StatusResponse {
  const r = startReader(bytes);
  try {
    return readStatusResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.DowngradeInfo` */
export interface DowngradeInfo {
  enabled: boolean;
  targetVersion: string;
}

/** Returns a `DowngradeInfo` with every field at its default. */
export function newDowngradeInfo(): DowngradeInfo {
  return {
    enabled: false,
    targetVersion: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeDowngradeInfo(w: Writer, m: Partial<DowngradeInfo>): void {
  if (m.targetVersion !== undefined && m.targetVersion.length > 0) {
    w.string(m.targetVersion);
    w.uvarint(18);
  }
  if (m.enabled === true) {
    w.bool(m.enabled);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeDowngradeInfo(m: Partial<DowngradeInfo>): Uint8Array {
  const w = startWriter();
  writeDowngradeInfo(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readDowngradeInfo(r: Reader, end: number): DowngradeInfo {
  const m = newDowngradeInfo();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.enabled = r.bool();
        break;
      case 18:
        m.targetVersion = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeDowngradeInfo(bytes: Uint8Array): DowngradeInfo {
  const r = startReader(bytes);
  try {
    return readDowngradeInfo(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthEnableRequest` */
export interface AuthEnableRequest {
}

/** Returns a `AuthEnableRequest` with every field at its default. */
export function newAuthEnableRequest(): AuthEnableRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthEnableRequest(_w: Writer, _m: Partial<AuthEnableRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeAuthEnableRequest(m: Partial<AuthEnableRequest>): Uint8Array {
  const w = startWriter();
  writeAuthEnableRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthEnableRequest(r: Reader, end: number): AuthEnableRequest {
  const m = newAuthEnableRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthEnableRequest(bytes: Uint8Array): AuthEnableRequest {
  const r = startReader(bytes);
  try {
    return readAuthEnableRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthDisableRequest` */
export interface AuthDisableRequest {
}

/** Returns a `AuthDisableRequest` with every field at its default. */
export function newAuthDisableRequest(): AuthDisableRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthDisableRequest(_w: Writer, _m: Partial<AuthDisableRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeAuthDisableRequest(m: Partial<AuthDisableRequest>): Uint8Array {
  const w = startWriter();
  writeAuthDisableRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthDisableRequest(r: Reader, end: number): AuthDisableRequest {
  const m = newAuthDisableRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthDisableRequest(bytes: Uint8Array): AuthDisableRequest {
  const r = startReader(bytes);
  try {
    return readAuthDisableRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthStatusRequest` */
export interface AuthStatusRequest {
}

/** Returns a `AuthStatusRequest` with every field at its default. */
export function newAuthStatusRequest(): AuthStatusRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthStatusRequest(_w: Writer, _m: Partial<AuthStatusRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeAuthStatusRequest(m: Partial<AuthStatusRequest>): Uint8Array {
  const w = startWriter();
  writeAuthStatusRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthStatusRequest(r: Reader, end: number): AuthStatusRequest {
  const m = newAuthStatusRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthStatusRequest(bytes: Uint8Array): AuthStatusRequest {
  const r = startReader(bytes);
  try {
    return readAuthStatusRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthenticateRequest` */
export interface AuthenticateRequest {
  name: string;
  password: string;
}

/** Returns a `AuthenticateRequest` with every field at its default. */
export function newAuthenticateRequest(): AuthenticateRequest {
  return {
    name: "",
    password: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthenticateRequest(w: Writer, m: Partial<AuthenticateRequest>): void {
  if (m.password !== undefined && m.password.length > 0) {
    w.string(m.password);
    w.uvarint(18);
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthenticateRequest(m: Partial<AuthenticateRequest>): Uint8Array {
  const w = startWriter();
  writeAuthenticateRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthenticateRequest(r: Reader, end: number): AuthenticateRequest {
  const m = newAuthenticateRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      case 18:
        m.password = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthenticateRequest(bytes: Uint8Array): AuthenticateRequest {
  const r = startReader(bytes);
  try {
    return readAuthenticateRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserAddRequest` */
export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: UserAddOptions | undefined;
  hashedPassword: string;
}

/** Returns a `AuthUserAddRequest` with every field at its default. */
export function newAuthUserAddRequest(): AuthUserAddRequest {
  return {
    name: "",
    password: "",
    options: undefined,
    hashedPassword: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserAddRequest(w: Writer, m: Partial<AuthUserAddRequest>): void {
  if (m.hashedPassword !== undefined && m.hashedPassword.length > 0) {
    w.string(m.hashedPassword);
    w.uvarint(34);
  }
  if (m.options !== undefined) {
    const end = w.mark();
    writeUserAddOptions(w, m.options);
    w.uvarint(end - w.mark());
    w.uvarint(26);
  }
  if (m.password !== undefined && m.password.length > 0) {
    w.string(m.password);
    w.uvarint(18);
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserAddRequest(m: Partial<AuthUserAddRequest>): Uint8Array {
  const w = startWriter();
  writeAuthUserAddRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserAddRequest(r: Reader, end: number): AuthUserAddRequest {
  const m = newAuthUserAddRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      case 18:
        m.password = r.string();
        break;
      case 26:
        m.options = readUserAddOptions(r, r.lengthEnd());
        break;
      case 34:
        m.hashedPassword = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserAddRequest(bytes: Uint8Array): AuthUserAddRequest {
  const r = startReader(bytes);
  try {
    return readAuthUserAddRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserGetRequest` */
export interface AuthUserGetRequest {
  name: string;
}

/** Returns a `AuthUserGetRequest` with every field at its default. */
export function newAuthUserGetRequest(): AuthUserGetRequest {
  return {
    name: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserGetRequest(w: Writer, m: Partial<AuthUserGetRequest>): void {
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserGetRequest(m: Partial<AuthUserGetRequest>): Uint8Array {
  const w = startWriter();
  writeAuthUserGetRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserGetRequest(r: Reader, end: number): AuthUserGetRequest {
  const m = newAuthUserGetRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserGetRequest(bytes: Uint8Array): AuthUserGetRequest {
  const r = startReader(bytes);
  try {
    return readAuthUserGetRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserDeleteRequest` */
export interface AuthUserDeleteRequest {
  name: string;
}

/** Returns a `AuthUserDeleteRequest` with every field at its default. */
export function newAuthUserDeleteRequest(): AuthUserDeleteRequest {
  return {
    name: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserDeleteRequest(w: Writer, m: Partial<AuthUserDeleteRequest>): void {
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserDeleteRequest(m: Partial<AuthUserDeleteRequest>): Uint8Array {
  const w = startWriter();
  writeAuthUserDeleteRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserDeleteRequest(r: Reader, end: number): AuthUserDeleteRequest {
  const m = newAuthUserDeleteRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserDeleteRequest(bytes: Uint8Array): AuthUserDeleteRequest {
  const r = startReader(bytes);
  try {
    return readAuthUserDeleteRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserChangePasswordRequest` */
export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

/** Returns a `AuthUserChangePasswordRequest` with every field at its default. */
export function newAuthUserChangePasswordRequest(): AuthUserChangePasswordRequest {
  return {
    name: "",
    password: "",
    hashedPassword: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserChangePasswordRequest(w: Writer, m: Partial<AuthUserChangePasswordRequest>): void {
  if (m.hashedPassword !== undefined && m.hashedPassword.length > 0) {
    w.string(m.hashedPassword);
    w.uvarint(26);
  }
  if (m.password !== undefined && m.password.length > 0) {
    w.string(m.password);
    w.uvarint(18);
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserChangePasswordRequest(m: Partial<AuthUserChangePasswordRequest>): Uint8Array {
  const w = startWriter();
  writeAuthUserChangePasswordRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserChangePasswordRequest(r: Reader, end: number): AuthUserChangePasswordRequest {
  const m = newAuthUserChangePasswordRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      case 18:
        m.password = r.string();
        break;
      case 26:
        m.hashedPassword = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserChangePasswordRequest(bytes: Uint8Array): AuthUserChangePasswordRequest {
  const r = startReader(bytes);
  try {
    return readAuthUserChangePasswordRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserGrantRoleRequest` */
export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}

/** Returns a `AuthUserGrantRoleRequest` with every field at its default. */
export function newAuthUserGrantRoleRequest(): AuthUserGrantRoleRequest {
  return {
    user: "",
    role: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserGrantRoleRequest(w: Writer, m: Partial<AuthUserGrantRoleRequest>): void {
  if (m.role !== undefined && m.role.length > 0) {
    w.string(m.role);
    w.uvarint(18);
  }
  if (m.user !== undefined && m.user.length > 0) {
    w.string(m.user);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserGrantRoleRequest(m: Partial<AuthUserGrantRoleRequest>): Uint8Array {
  const w = startWriter();
  writeAuthUserGrantRoleRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserGrantRoleRequest(r: Reader, end: number): AuthUserGrantRoleRequest {
  const m = newAuthUserGrantRoleRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.user = r.string();
        break;
      case 18:
        m.role = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserGrantRoleRequest(bytes: Uint8Array): AuthUserGrantRoleRequest {
  const r = startReader(bytes);
  try {
    return readAuthUserGrantRoleRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserRevokeRoleRequest` */
export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}

/** Returns a `AuthUserRevokeRoleRequest` with every field at its default. */
export function newAuthUserRevokeRoleRequest(): AuthUserRevokeRoleRequest {
  return {
    name: "",
    role: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserRevokeRoleRequest(w: Writer, m: Partial<AuthUserRevokeRoleRequest>): void {
  if (m.role !== undefined && m.role.length > 0) {
    w.string(m.role);
    w.uvarint(18);
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserRevokeRoleRequest(m: Partial<AuthUserRevokeRoleRequest>): Uint8Array {
  const w = startWriter();
  writeAuthUserRevokeRoleRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserRevokeRoleRequest(r: Reader, end: number): AuthUserRevokeRoleRequest {
  const m = newAuthUserRevokeRoleRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      case 18:
        m.role = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserRevokeRoleRequest(bytes: Uint8Array): AuthUserRevokeRoleRequest {
  const r = startReader(bytes);
  try {
    return readAuthUserRevokeRoleRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleAddRequest` */
export interface AuthRoleAddRequest {
  name: string;
}

/** Returns a `AuthRoleAddRequest` with every field at its default. */
export function newAuthRoleAddRequest(): AuthRoleAddRequest {
  return {
    name: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleAddRequest(w: Writer, m: Partial<AuthRoleAddRequest>): void {
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleAddRequest(m: Partial<AuthRoleAddRequest>): Uint8Array {
  const w = startWriter();
  writeAuthRoleAddRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleAddRequest(r: Reader, end: number): AuthRoleAddRequest {
  const m = newAuthRoleAddRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleAddRequest(bytes: Uint8Array): AuthRoleAddRequest {
  const r = startReader(bytes);
  try {
    return readAuthRoleAddRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleGetRequest` */
export interface AuthRoleGetRequest {
  role: string;
}

/** Returns a `AuthRoleGetRequest` with every field at its default. */
export function newAuthRoleGetRequest(): AuthRoleGetRequest {
  return {
    role: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleGetRequest(w: Writer, m: Partial<AuthRoleGetRequest>): void {
  if (m.role !== undefined && m.role.length > 0) {
    w.string(m.role);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleGetRequest(m: Partial<AuthRoleGetRequest>): Uint8Array {
  const w = startWriter();
  writeAuthRoleGetRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleGetRequest(r: Reader, end: number): AuthRoleGetRequest {
  const m = newAuthRoleGetRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.role = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleGetRequest(bytes: Uint8Array): AuthRoleGetRequest {
  const r = startReader(bytes);
  try {
    return readAuthRoleGetRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserListRequest` */
export interface AuthUserListRequest {
}

/** Returns a `AuthUserListRequest` with every field at its default. */
export function newAuthUserListRequest(): AuthUserListRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserListRequest(_w: Writer, _m: Partial<AuthUserListRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserListRequest(m: Partial<AuthUserListRequest>): Uint8Array {
  const w = startWriter();
  writeAuthUserListRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserListRequest(r: Reader, end: number): AuthUserListRequest {
  const m = newAuthUserListRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserListRequest(bytes: Uint8Array): AuthUserListRequest {
  const r = startReader(bytes);
  try {
    return readAuthUserListRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleListRequest` */
export interface AuthRoleListRequest {
}

/** Returns a `AuthRoleListRequest` with every field at its default. */
export function newAuthRoleListRequest(): AuthRoleListRequest {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleListRequest(_w: Writer, _m: Partial<AuthRoleListRequest>): void {
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleListRequest(m: Partial<AuthRoleListRequest>): Uint8Array {
  const w = startWriter();
  writeAuthRoleListRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleListRequest(r: Reader, end: number): AuthRoleListRequest {
  const m = newAuthRoleListRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleListRequest(bytes: Uint8Array): AuthRoleListRequest {
  const r = startReader(bytes);
  try {
    return readAuthRoleListRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleDeleteRequest` */
export interface AuthRoleDeleteRequest {
  role: string;
}

/** Returns a `AuthRoleDeleteRequest` with every field at its default. */
export function newAuthRoleDeleteRequest(): AuthRoleDeleteRequest {
  return {
    role: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleDeleteRequest(w: Writer, m: Partial<AuthRoleDeleteRequest>): void {
  if (m.role !== undefined && m.role.length > 0) {
    w.string(m.role);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleDeleteRequest(m: Partial<AuthRoleDeleteRequest>): Uint8Array {
  const w = startWriter();
  writeAuthRoleDeleteRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleDeleteRequest(r: Reader, end: number): AuthRoleDeleteRequest {
  const m = newAuthRoleDeleteRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.role = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleDeleteRequest(bytes: Uint8Array): AuthRoleDeleteRequest {
  const r = startReader(bytes);
  try {
    return readAuthRoleDeleteRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleGrantPermissionRequest` */
export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: Permission | undefined;
}

/** Returns a `AuthRoleGrantPermissionRequest` with every field at its default. */
export function newAuthRoleGrantPermissionRequest(): AuthRoleGrantPermissionRequest {
  return {
    name: "",
    perm: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleGrantPermissionRequest(w: Writer, m: Partial<AuthRoleGrantPermissionRequest>): void {
  if (m.perm !== undefined) {
    const end = w.mark();
    writePermission(w, m.perm);
    w.uvarint(end - w.mark());
    w.uvarint(18);
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.string(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleGrantPermissionRequest(m: Partial<AuthRoleGrantPermissionRequest>): Uint8Array {
  const w = startWriter();
  writeAuthRoleGrantPermissionRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleGrantPermissionRequest(r: Reader, end: number): AuthRoleGrantPermissionRequest {
  const m = newAuthRoleGrantPermissionRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.string();
        break;
      case 18:
        m.perm = readPermission(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleGrantPermissionRequest(bytes: Uint8Array): AuthRoleGrantPermissionRequest {
  const r = startReader(bytes);
  try {
    return readAuthRoleGrantPermissionRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleRevokePermissionRequest` */
export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** Returns a `AuthRoleRevokePermissionRequest` with every field at its default. */
export function newAuthRoleRevokePermissionRequest(): AuthRoleRevokePermissionRequest {
  return {
    role: "",
    key: emptyBytes,
    rangeEnd: emptyBytes,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleRevokePermissionRequest(w: Writer, m: Partial<AuthRoleRevokePermissionRequest>): void {
  if (m.rangeEnd !== undefined && m.rangeEnd.length > 0) {
    w.bytes(m.rangeEnd);
    w.uvarint(26);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(18);
  }
  if (m.role !== undefined && m.role.length > 0) {
    w.string(m.role);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleRevokePermissionRequest(m: Partial<AuthRoleRevokePermissionRequest>): Uint8Array {
  const w = startWriter();
  writeAuthRoleRevokePermissionRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleRevokePermissionRequest(r: Reader, end: number): AuthRoleRevokePermissionRequest {
  const m = newAuthRoleRevokePermissionRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.role = r.string();
        break;
      case 18:
        m.key = r.bytes();
        break;
      case 26:
        m.rangeEnd = r.bytes();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleRevokePermissionRequest(bytes: Uint8Array): AuthRoleRevokePermissionRequest {
  const r = startReader(bytes);
  try {
    return readAuthRoleRevokePermissionRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthEnableResponse` */
export interface AuthEnableResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthEnableResponse` with every field at its default. */
export function newAuthEnableResponse(): AuthEnableResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthEnableResponse(w: Writer, m: Partial<AuthEnableResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthEnableResponse(m: Partial<AuthEnableResponse>): Uint8Array {
  const w = startWriter();
  writeAuthEnableResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthEnableResponse(r: Reader, end: number): AuthEnableResponse {
  const m = newAuthEnableResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthEnableResponse(bytes: Uint8Array): AuthEnableResponse {
  const r = startReader(bytes);
  try {
    return readAuthEnableResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthDisableResponse` */
export interface AuthDisableResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthDisableResponse` with every field at its default. */
export function newAuthDisableResponse(): AuthDisableResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthDisableResponse(w: Writer, m: Partial<AuthDisableResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthDisableResponse(m: Partial<AuthDisableResponse>): Uint8Array {
  const w = startWriter();
  writeAuthDisableResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthDisableResponse(r: Reader, end: number): AuthDisableResponse {
  const m = newAuthDisableResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthDisableResponse(bytes: Uint8Array): AuthDisableResponse {
  const r = startReader(bytes);
  try {
    return readAuthDisableResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthStatusResponse` */
export interface AuthStatusResponse {
  header: ResponseHeader | undefined;
  enabled: boolean;
  authRevision: number;
}

/** Returns a `AuthStatusResponse` with every field at its default. */
export function newAuthStatusResponse(): AuthStatusResponse {
  return {
    header: undefined,
    enabled: false,
    authRevision: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthStatusResponse(w: Writer, m: Partial<AuthStatusResponse>): void {
  if (m.authRevision !== undefined && m.authRevision !== 0) {
    w.varint(m.authRevision);
    w.uvarint(24);
  }
  if (m.enabled === true) {
    w.bool(m.enabled);
    w.uvarint(16);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthStatusResponse(m: Partial<AuthStatusResponse>): Uint8Array {
  const w = startWriter();
  writeAuthStatusResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthStatusResponse(r: Reader, end: number): AuthStatusResponse {
  const m = newAuthStatusResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 16:
        m.enabled = r.bool();
        break;
      case 24:
        m.authRevision = r.uint64();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthStatusResponse(bytes: Uint8Array): AuthStatusResponse {
  const r = startReader(bytes);
  try {
    return readAuthStatusResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthenticateResponse` */
export interface AuthenticateResponse {
  header: ResponseHeader | undefined;
  token: string;
}

/** Returns a `AuthenticateResponse` with every field at its default. */
export function newAuthenticateResponse(): AuthenticateResponse {
  return {
    header: undefined,
    token: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthenticateResponse(w: Writer, m: Partial<AuthenticateResponse>): void {
  if (m.token !== undefined && m.token.length > 0) {
    w.string(m.token);
    w.uvarint(18);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthenticateResponse(m: Partial<AuthenticateResponse>): Uint8Array {
  const w = startWriter();
  writeAuthenticateResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthenticateResponse(r: Reader, end: number): AuthenticateResponse {
  const m = newAuthenticateResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.token = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthenticateResponse(bytes: Uint8Array): AuthenticateResponse {
  const r = startReader(bytes);
  try {
    return readAuthenticateResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserAddResponse` */
export interface AuthUserAddResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthUserAddResponse` with every field at its default. */
export function newAuthUserAddResponse(): AuthUserAddResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserAddResponse(w: Writer, m: Partial<AuthUserAddResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserAddResponse(m: Partial<AuthUserAddResponse>): Uint8Array {
  const w = startWriter();
  writeAuthUserAddResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserAddResponse(r: Reader, end: number): AuthUserAddResponse {
  const m = newAuthUserAddResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserAddResponse(bytes: Uint8Array): AuthUserAddResponse {
  const r = startReader(bytes);
  try {
    return readAuthUserAddResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserGetResponse` */
export interface AuthUserGetResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

/** Returns a `AuthUserGetResponse` with every field at its default. */
export function newAuthUserGetResponse(): AuthUserGetResponse {
  return {
    header: undefined,
    roles: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserGetResponse(w: Writer, m: Partial<AuthUserGetResponse>): void {
  if (m.roles !== undefined) {
    for (let i = m.roles.length - 1; i >= 0; i--) {
      w.string(m.roles[i] as string);
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserGetResponse(m: Partial<AuthUserGetResponse>): Uint8Array {
  const w = startWriter();
  writeAuthUserGetResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserGetResponse(r: Reader, end: number): AuthUserGetResponse {
  const m = newAuthUserGetResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.roles.push(r.string());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserGetResponse(bytes: Uint8Array): AuthUserGetResponse {
  const r = startReader(bytes);
  try {
    return readAuthUserGetResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserDeleteResponse` */
export interface AuthUserDeleteResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthUserDeleteResponse` with every field at its default. */
export function newAuthUserDeleteResponse(): AuthUserDeleteResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserDeleteResponse(w: Writer, m: Partial<AuthUserDeleteResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserDeleteResponse(m: Partial<AuthUserDeleteResponse>): Uint8Array {
  const w = startWriter();
  writeAuthUserDeleteResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserDeleteResponse(r: Reader, end: number): AuthUserDeleteResponse {
  const m = newAuthUserDeleteResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserDeleteResponse(bytes: Uint8Array): AuthUserDeleteResponse {
  const r = startReader(bytes);
  try {
    return readAuthUserDeleteResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserChangePasswordResponse` */
export interface AuthUserChangePasswordResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthUserChangePasswordResponse` with every field at its default. */
export function newAuthUserChangePasswordResponse(): AuthUserChangePasswordResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserChangePasswordResponse(w: Writer, m: Partial<AuthUserChangePasswordResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserChangePasswordResponse(m: Partial<AuthUserChangePasswordResponse>): Uint8Array {
  const w = startWriter();
  writeAuthUserChangePasswordResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserChangePasswordResponse(r: Reader, end: number): AuthUserChangePasswordResponse {
  const m = newAuthUserChangePasswordResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserChangePasswordResponse(bytes: Uint8Array): AuthUserChangePasswordResponse {
  const r = startReader(bytes);
  try {
    return readAuthUserChangePasswordResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserGrantRoleResponse` */
export interface AuthUserGrantRoleResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthUserGrantRoleResponse` with every field at its default. */
export function newAuthUserGrantRoleResponse(): AuthUserGrantRoleResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserGrantRoleResponse(w: Writer, m: Partial<AuthUserGrantRoleResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserGrantRoleResponse(m: Partial<AuthUserGrantRoleResponse>): Uint8Array {
  const w = startWriter();
  writeAuthUserGrantRoleResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserGrantRoleResponse(r: Reader, end: number): AuthUserGrantRoleResponse {
  const m = newAuthUserGrantRoleResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserGrantRoleResponse(bytes: Uint8Array): AuthUserGrantRoleResponse {
  const r = startReader(bytes);
  try {
    return readAuthUserGrantRoleResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserRevokeRoleResponse` */
export interface AuthUserRevokeRoleResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthUserRevokeRoleResponse` with every field at its default. */
export function newAuthUserRevokeRoleResponse(): AuthUserRevokeRoleResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserRevokeRoleResponse(w: Writer, m: Partial<AuthUserRevokeRoleResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserRevokeRoleResponse(m: Partial<AuthUserRevokeRoleResponse>): Uint8Array {
  const w = startWriter();
  writeAuthUserRevokeRoleResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserRevokeRoleResponse(r: Reader, end: number): AuthUserRevokeRoleResponse {
  const m = newAuthUserRevokeRoleResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserRevokeRoleResponse(bytes: Uint8Array): AuthUserRevokeRoleResponse {
  const r = startReader(bytes);
  try {
    return readAuthUserRevokeRoleResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleAddResponse` */
export interface AuthRoleAddResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthRoleAddResponse` with every field at its default. */
export function newAuthRoleAddResponse(): AuthRoleAddResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleAddResponse(w: Writer, m: Partial<AuthRoleAddResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleAddResponse(m: Partial<AuthRoleAddResponse>): Uint8Array {
  const w = startWriter();
  writeAuthRoleAddResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleAddResponse(r: Reader, end: number): AuthRoleAddResponse {
  const m = newAuthRoleAddResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleAddResponse(bytes: Uint8Array): AuthRoleAddResponse {
  const r = startReader(bytes);
  try {
    return readAuthRoleAddResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleGetResponse` */
export interface AuthRoleGetResponse {
  header: ResponseHeader | undefined;
  perm: Permission[];
}

/** Returns a `AuthRoleGetResponse` with every field at its default. */
export function newAuthRoleGetResponse(): AuthRoleGetResponse {
  return {
    header: undefined,
    perm: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleGetResponse(w: Writer, m: Partial<AuthRoleGetResponse>): void {
  if (m.perm !== undefined) {
    for (let i = m.perm.length - 1; i >= 0; i--) {
      const end = w.mark();
      writePermission(w, m.perm[i] as Permission);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleGetResponse(m: Partial<AuthRoleGetResponse>): Uint8Array {
  const w = startWriter();
  writeAuthRoleGetResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleGetResponse(r: Reader, end: number): AuthRoleGetResponse {
  const m = newAuthRoleGetResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.perm.push(readPermission(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleGetResponse(bytes: Uint8Array): AuthRoleGetResponse {
  const r = startReader(bytes);
  try {
    return readAuthRoleGetResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleListResponse` */
export interface AuthRoleListResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

/** Returns a `AuthRoleListResponse` with every field at its default. */
export function newAuthRoleListResponse(): AuthRoleListResponse {
  return {
    header: undefined,
    roles: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleListResponse(w: Writer, m: Partial<AuthRoleListResponse>): void {
  if (m.roles !== undefined) {
    for (let i = m.roles.length - 1; i >= 0; i--) {
      w.string(m.roles[i] as string);
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleListResponse(m: Partial<AuthRoleListResponse>): Uint8Array {
  const w = startWriter();
  writeAuthRoleListResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleListResponse(r: Reader, end: number): AuthRoleListResponse {
  const m = newAuthRoleListResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.roles.push(r.string());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleListResponse(bytes: Uint8Array): AuthRoleListResponse {
  const r = startReader(bytes);
  try {
    return readAuthRoleListResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthUserListResponse` */
export interface AuthUserListResponse {
  header: ResponseHeader | undefined;
  users: string[];
}

/** Returns a `AuthUserListResponse` with every field at its default. */
export function newAuthUserListResponse(): AuthUserListResponse {
  return {
    header: undefined,
    users: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthUserListResponse(w: Writer, m: Partial<AuthUserListResponse>): void {
  if (m.users !== undefined) {
    for (let i = m.users.length - 1; i >= 0; i--) {
      w.string(m.users[i] as string);
      w.uvarint(18);
    }
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthUserListResponse(m: Partial<AuthUserListResponse>): Uint8Array {
  const w = startWriter();
  writeAuthUserListResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthUserListResponse(r: Reader, end: number): AuthUserListResponse {
  const m = newAuthUserListResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      case 18:
        m.users.push(r.string());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthUserListResponse(bytes: Uint8Array): AuthUserListResponse {
  const r = startReader(bytes);
  try {
    return readAuthUserListResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleDeleteResponse` */
export interface AuthRoleDeleteResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthRoleDeleteResponse` with every field at its default. */
export function newAuthRoleDeleteResponse(): AuthRoleDeleteResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleDeleteResponse(w: Writer, m: Partial<AuthRoleDeleteResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleDeleteResponse(m: Partial<AuthRoleDeleteResponse>): Uint8Array {
  const w = startWriter();
  writeAuthRoleDeleteResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleDeleteResponse(r: Reader, end: number): AuthRoleDeleteResponse {
  const m = newAuthRoleDeleteResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleDeleteResponse(bytes: Uint8Array): AuthRoleDeleteResponse {
  const r = startReader(bytes);
  try {
    return readAuthRoleDeleteResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleGrantPermissionResponse` */
export interface AuthRoleGrantPermissionResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthRoleGrantPermissionResponse` with every field at its default. */
export function newAuthRoleGrantPermissionResponse(): AuthRoleGrantPermissionResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleGrantPermissionResponse(w: Writer, m: Partial<AuthRoleGrantPermissionResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleGrantPermissionResponse(m: Partial<AuthRoleGrantPermissionResponse>): Uint8Array {
  const w = startWriter();
  writeAuthRoleGrantPermissionResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleGrantPermissionResponse(r: Reader, end: number): AuthRoleGrantPermissionResponse {
  const m = newAuthRoleGrantPermissionResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleGrantPermissionResponse(bytes: Uint8Array): AuthRoleGrantPermissionResponse {
  const r = startReader(bytes);
  try {
    return readAuthRoleGrantPermissionResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.AuthRoleRevokePermissionResponse` */
export interface AuthRoleRevokePermissionResponse {
  header: ResponseHeader | undefined;
}

/** Returns a `AuthRoleRevokePermissionResponse` with every field at its default. */
export function newAuthRoleRevokePermissionResponse(): AuthRoleRevokePermissionResponse {
  return {
    header: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeAuthRoleRevokePermissionResponse(w: Writer, m: Partial<AuthRoleRevokePermissionResponse>): void {
  if (m.header !== undefined) {
    const end = w.mark();
    writeResponseHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeAuthRoleRevokePermissionResponse(m: Partial<AuthRoleRevokePermissionResponse>): Uint8Array {
  const w = startWriter();
  writeAuthRoleRevokePermissionResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readAuthRoleRevokePermissionResponse(r: Reader, end: number): AuthRoleRevokePermissionResponse {
  const m = newAuthRoleRevokePermissionResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.header = readResponseHeader(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeAuthRoleRevokePermissionResponse(bytes: Uint8Array): AuthRoleRevokePermissionResponse {
  const r = startReader(bytes);
  try {
    return readAuthRoleRevokePermissionResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.RangeStreamResponse` */
export interface RangeStreamResponse {
  rangeResponse: RangeResponse | undefined;
}

/** Returns a `RangeStreamResponse` with every field at its default. */
export function newRangeStreamResponse(): RangeStreamResponse {
  return {
    rangeResponse: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRangeStreamResponse(w: Writer, m: Partial<RangeStreamResponse>): void {
  if (m.rangeResponse !== undefined) {
    const end = w.mark();
    writeRangeResponse(w, m.rangeResponse);
    w.uvarint(end - w.mark());
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeRangeStreamResponse(m: Partial<RangeStreamResponse>): Uint8Array {
  const w = startWriter();
  writeRangeStreamResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRangeStreamResponse(r: Reader, end: number): RangeStreamResponse {
  const m = newRangeStreamResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.rangeResponse = readRangeResponse(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeRangeStreamResponse(bytes: Uint8Array): RangeStreamResponse {
  const r = startReader(bytes);
  try {
    return readRangeStreamResponse(r, bytes.length);
  } finally {
    r.release();
  }
}
