// Generated from proto/raft_internal.proto by `npm run gen`. Do not edit.
import type { RequestId } from "@quorate/base";
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";
import { type ClusterVersionSetRequest, readClusterVersionSetRequest, writeClusterVersionSetRequest, type ClusterMemberAttrSetRequest, readClusterMemberAttrSetRequest, writeClusterMemberAttrSetRequest, type DowngradeInfoSetRequest, readDowngradeInfoSetRequest, writeDowngradeInfoSetRequest } from "./membership.gen.ts";
import { type RangeRequest, readRangeRequest, writeRangeRequest, type PutRequest, readPutRequest, writePutRequest, type DeleteRangeRequest, readDeleteRangeRequest, writeDeleteRangeRequest, type TxnRequest, readTxnRequest, writeTxnRequest, type CompactionRequest, readCompactionRequest, writeCompactionRequest, type LeaseGrantRequest, readLeaseGrantRequest, writeLeaseGrantRequest, type LeaseRevokeRequest, readLeaseRevokeRequest, writeLeaseRevokeRequest, type LeaseCheckpointRequest, readLeaseCheckpointRequest, writeLeaseCheckpointRequest, type AlarmRequest, readAlarmRequest, writeAlarmRequest, type DowngradeVersionTestRequest, readDowngradeVersionTestRequest, writeDowngradeVersionTestRequest, type AuthEnableRequest, readAuthEnableRequest, writeAuthEnableRequest, type AuthDisableRequest, readAuthDisableRequest, writeAuthDisableRequest, type AuthStatusRequest, readAuthStatusRequest, writeAuthStatusRequest, type AuthUserAddRequest, readAuthUserAddRequest, writeAuthUserAddRequest, type AuthUserGetRequest, readAuthUserGetRequest, writeAuthUserGetRequest, type AuthUserDeleteRequest, readAuthUserDeleteRequest, writeAuthUserDeleteRequest, type AuthUserChangePasswordRequest, readAuthUserChangePasswordRequest, writeAuthUserChangePasswordRequest, type AuthUserGrantRoleRequest, readAuthUserGrantRoleRequest, writeAuthUserGrantRoleRequest, type AuthUserRevokeRoleRequest, readAuthUserRevokeRoleRequest, writeAuthUserRevokeRoleRequest, type AuthRoleAddRequest, readAuthRoleAddRequest, writeAuthRoleAddRequest, type AuthRoleGetRequest, readAuthRoleGetRequest, writeAuthRoleGetRequest, type AuthUserListRequest, readAuthUserListRequest, writeAuthUserListRequest, type AuthRoleListRequest, readAuthRoleListRequest, writeAuthRoleListRequest, type AuthRoleDeleteRequest, readAuthRoleDeleteRequest, writeAuthRoleDeleteRequest, type AuthRoleGrantPermissionRequest, readAuthRoleGrantPermissionRequest, writeAuthRoleGrantPermissionRequest, type AuthRoleRevokePermissionRequest, readAuthRoleRevokePermissionRequest, writeAuthRoleRevokePermissionRequest } from "./rpc.gen.ts";

/** `etcdserverpb.RequestHeader` */
export interface RequestHeader {
  id: RequestId;
  username: string;
  authRevision: number;
}

/** Returns a `RequestHeader` with every field at its default. */
export function newRequestHeader(): RequestHeader {
  return {
    id: 0n as RequestId,
    username: "",
    authRevision: 0,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRequestHeader(w: Writer, m: Partial<RequestHeader>): void {
  if (m.authRevision !== undefined && m.authRevision !== 0) {
    w.varint(m.authRevision);
    w.uvarint(24);
  }
  if (m.username !== undefined && m.username.length > 0) {
    w.string(m.username);
    w.uvarint(18);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeRequestHeader(m: Partial<RequestHeader>): Uint8Array {
  const w = startWriter();
  writeRequestHeader(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRequestHeader(r: Reader, end: number): RequestHeader {
  const m = newRequestHeader();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigUint64() as RequestId;
        break;
      case 18:
        m.username = r.string();
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
export function decodeRequestHeader(bytes: Uint8Array): RequestHeader {
  const r = startReader(bytes);
  try {
    return readRequestHeader(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.InternalRaftRequest` */
export interface InternalRaftRequest {
  id: RequestId;
  range: RangeRequest | undefined;
  put: PutRequest | undefined;
  deleteRange: DeleteRangeRequest | undefined;
  txn: TxnRequest | undefined;
  compaction: CompactionRequest | undefined;
  leaseGrant: LeaseGrantRequest | undefined;
  leaseRevoke: LeaseRevokeRequest | undefined;
  alarm: AlarmRequest | undefined;
  leaseCheckpoint: LeaseCheckpointRequest | undefined;
  header: RequestHeader | undefined;
  authEnable: AuthEnableRequest | undefined;
  authDisable: AuthDisableRequest | undefined;
  authenticate: InternalAuthenticateRequest | undefined;
  authStatus: AuthStatusRequest | undefined;
  authUserAdd: AuthUserAddRequest | undefined;
  authUserDelete: AuthUserDeleteRequest | undefined;
  authUserGet: AuthUserGetRequest | undefined;
  authUserChangePassword: AuthUserChangePasswordRequest | undefined;
  authUserGrantRole: AuthUserGrantRoleRequest | undefined;
  authUserRevokeRole: AuthUserRevokeRoleRequest | undefined;
  authUserList: AuthUserListRequest | undefined;
  authRoleList: AuthRoleListRequest | undefined;
  authRoleAdd: AuthRoleAddRequest | undefined;
  authRoleDelete: AuthRoleDeleteRequest | undefined;
  authRoleGet: AuthRoleGetRequest | undefined;
  authRoleGrantPermission: AuthRoleGrantPermissionRequest | undefined;
  authRoleRevokePermission: AuthRoleRevokePermissionRequest | undefined;
  clusterVersionSet: ClusterVersionSetRequest | undefined;
  clusterMemberAttrSet: ClusterMemberAttrSetRequest | undefined;
  downgradeInfoSet: DowngradeInfoSetRequest | undefined;
  downgradeVersionTest: DowngradeVersionTestRequest | undefined;
}

/** Returns a `InternalRaftRequest` with every field at its default. */
export function newInternalRaftRequest(): InternalRaftRequest {
  return {
    id: 0n as RequestId,
    range: undefined,
    put: undefined,
    deleteRange: undefined,
    txn: undefined,
    compaction: undefined,
    leaseGrant: undefined,
    leaseRevoke: undefined,
    alarm: undefined,
    leaseCheckpoint: undefined,
    header: undefined,
    authEnable: undefined,
    authDisable: undefined,
    authenticate: undefined,
    authStatus: undefined,
    authUserAdd: undefined,
    authUserDelete: undefined,
    authUserGet: undefined,
    authUserChangePassword: undefined,
    authUserGrantRole: undefined,
    authUserRevokeRole: undefined,
    authUserList: undefined,
    authRoleList: undefined,
    authRoleAdd: undefined,
    authRoleDelete: undefined,
    authRoleGet: undefined,
    authRoleGrantPermission: undefined,
    authRoleRevokePermission: undefined,
    clusterVersionSet: undefined,
    clusterMemberAttrSet: undefined,
    downgradeInfoSet: undefined,
    downgradeVersionTest: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeInternalRaftRequest(w: Writer, m: Partial<InternalRaftRequest>): void {
  if (m.downgradeVersionTest !== undefined) {
    const end = w.mark();
    writeDowngradeVersionTestRequest(w, m.downgradeVersionTest);
    w.uvarint(end - w.mark());
    w.uvarint(79202);
  }
  if (m.downgradeInfoSet !== undefined) {
    const end = w.mark();
    writeDowngradeInfoSetRequest(w, m.downgradeInfoSet);
    w.uvarint(end - w.mark());
    w.uvarint(10418);
  }
  if (m.clusterMemberAttrSet !== undefined) {
    const end = w.mark();
    writeClusterMemberAttrSetRequest(w, m.clusterMemberAttrSet);
    w.uvarint(end - w.mark());
    w.uvarint(10410);
  }
  if (m.clusterVersionSet !== undefined) {
    const end = w.mark();
    writeClusterVersionSetRequest(w, m.clusterVersionSet);
    w.uvarint(end - w.mark());
    w.uvarint(10402);
  }
  if (m.authRoleRevokePermission !== undefined) {
    const end = w.mark();
    writeAuthRoleRevokePermissionRequest(w, m.authRoleRevokePermission);
    w.uvarint(end - w.mark());
    w.uvarint(9634);
  }
  if (m.authRoleGrantPermission !== undefined) {
    const end = w.mark();
    writeAuthRoleGrantPermissionRequest(w, m.authRoleGrantPermission);
    w.uvarint(end - w.mark());
    w.uvarint(9626);
  }
  if (m.authRoleGet !== undefined) {
    const end = w.mark();
    writeAuthRoleGetRequest(w, m.authRoleGet);
    w.uvarint(end - w.mark());
    w.uvarint(9618);
  }
  if (m.authRoleDelete !== undefined) {
    const end = w.mark();
    writeAuthRoleDeleteRequest(w, m.authRoleDelete);
    w.uvarint(end - w.mark());
    w.uvarint(9610);
  }
  if (m.authRoleAdd !== undefined) {
    const end = w.mark();
    writeAuthRoleAddRequest(w, m.authRoleAdd);
    w.uvarint(end - w.mark());
    w.uvarint(9602);
  }
  if (m.authRoleList !== undefined) {
    const end = w.mark();
    writeAuthRoleListRequest(w, m.authRoleList);
    w.uvarint(end - w.mark());
    w.uvarint(8858);
  }
  if (m.authUserList !== undefined) {
    const end = w.mark();
    writeAuthUserListRequest(w, m.authUserList);
    w.uvarint(end - w.mark());
    w.uvarint(8850);
  }
  if (m.authUserRevokeRole !== undefined) {
    const end = w.mark();
    writeAuthUserRevokeRoleRequest(w, m.authUserRevokeRole);
    w.uvarint(end - w.mark());
    w.uvarint(8842);
  }
  if (m.authUserGrantRole !== undefined) {
    const end = w.mark();
    writeAuthUserGrantRoleRequest(w, m.authUserGrantRole);
    w.uvarint(end - w.mark());
    w.uvarint(8834);
  }
  if (m.authUserChangePassword !== undefined) {
    const end = w.mark();
    writeAuthUserChangePasswordRequest(w, m.authUserChangePassword);
    w.uvarint(end - w.mark());
    w.uvarint(8826);
  }
  if (m.authUserGet !== undefined) {
    const end = w.mark();
    writeAuthUserGetRequest(w, m.authUserGet);
    w.uvarint(end - w.mark());
    w.uvarint(8818);
  }
  if (m.authUserDelete !== undefined) {
    const end = w.mark();
    writeAuthUserDeleteRequest(w, m.authUserDelete);
    w.uvarint(end - w.mark());
    w.uvarint(8810);
  }
  if (m.authUserAdd !== undefined) {
    const end = w.mark();
    writeAuthUserAddRequest(w, m.authUserAdd);
    w.uvarint(end - w.mark());
    w.uvarint(8802);
  }
  if (m.authStatus !== undefined) {
    const end = w.mark();
    writeAuthStatusRequest(w, m.authStatus);
    w.uvarint(end - w.mark());
    w.uvarint(8106);
  }
  if (m.authenticate !== undefined) {
    const end = w.mark();
    writeInternalAuthenticateRequest(w, m.authenticate);
    w.uvarint(end - w.mark());
    w.uvarint(8098);
  }
  if (m.authDisable !== undefined) {
    const end = w.mark();
    writeAuthDisableRequest(w, m.authDisable);
    w.uvarint(end - w.mark());
    w.uvarint(8090);
  }
  if (m.authEnable !== undefined) {
    const end = w.mark();
    writeAuthEnableRequest(w, m.authEnable);
    w.uvarint(end - w.mark());
    w.uvarint(8002);
  }
  if (m.header !== undefined) {
    const end = w.mark();
    writeRequestHeader(w, m.header);
    w.uvarint(end - w.mark());
    w.uvarint(802);
  }
  if (m.leaseCheckpoint !== undefined) {
    const end = w.mark();
    writeLeaseCheckpointRequest(w, m.leaseCheckpoint);
    w.uvarint(end - w.mark());
    w.uvarint(90);
  }
  if (m.alarm !== undefined) {
    const end = w.mark();
    writeAlarmRequest(w, m.alarm);
    w.uvarint(end - w.mark());
    w.uvarint(82);
  }
  if (m.leaseRevoke !== undefined) {
    const end = w.mark();
    writeLeaseRevokeRequest(w, m.leaseRevoke);
    w.uvarint(end - w.mark());
    w.uvarint(74);
  }
  if (m.leaseGrant !== undefined) {
    const end = w.mark();
    writeLeaseGrantRequest(w, m.leaseGrant);
    w.uvarint(end - w.mark());
    w.uvarint(66);
  }
  if (m.compaction !== undefined) {
    const end = w.mark();
    writeCompactionRequest(w, m.compaction);
    w.uvarint(end - w.mark());
    w.uvarint(58);
  }
  if (m.txn !== undefined) {
    const end = w.mark();
    writeTxnRequest(w, m.txn);
    w.uvarint(end - w.mark());
    w.uvarint(50);
  }
  if (m.deleteRange !== undefined) {
    const end = w.mark();
    writeDeleteRangeRequest(w, m.deleteRange);
    w.uvarint(end - w.mark());
    w.uvarint(42);
  }
  if (m.put !== undefined) {
    const end = w.mark();
    writePutRequest(w, m.put);
    w.uvarint(end - w.mark());
    w.uvarint(34);
  }
  if (m.range !== undefined) {
    const end = w.mark();
    writeRangeRequest(w, m.range);
    w.uvarint(end - w.mark());
    w.uvarint(26);
  }
  if (m.id !== undefined && m.id !== 0n) {
    w.bigVarint(m.id);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeInternalRaftRequest(m: Partial<InternalRaftRequest>): Uint8Array {
  const w = startWriter();
  writeInternalRaftRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readInternalRaftRequest(r: Reader, end: number): InternalRaftRequest {
  const m = newInternalRaftRequest();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.id = r.bigUint64() as RequestId;
        break;
      case 26:
        m.range = readRangeRequest(r, r.lengthEnd());
        break;
      case 34:
        m.put = readPutRequest(r, r.lengthEnd());
        break;
      case 42:
        m.deleteRange = readDeleteRangeRequest(r, r.lengthEnd());
        break;
      case 50:
        m.txn = readTxnRequest(r, r.lengthEnd());
        break;
      case 58:
        m.compaction = readCompactionRequest(r, r.lengthEnd());
        break;
      case 66:
        m.leaseGrant = readLeaseGrantRequest(r, r.lengthEnd());
        break;
      case 74:
        m.leaseRevoke = readLeaseRevokeRequest(r, r.lengthEnd());
        break;
      case 82:
        m.alarm = readAlarmRequest(r, r.lengthEnd());
        break;
      case 90:
        m.leaseCheckpoint = readLeaseCheckpointRequest(r, r.lengthEnd());
        break;
      case 802:
        m.header = readRequestHeader(r, r.lengthEnd());
        break;
      case 8002:
        m.authEnable = readAuthEnableRequest(r, r.lengthEnd());
        break;
      case 8090:
        m.authDisable = readAuthDisableRequest(r, r.lengthEnd());
        break;
      case 8098:
        m.authenticate = readInternalAuthenticateRequest(r, r.lengthEnd());
        break;
      case 8106:
        m.authStatus = readAuthStatusRequest(r, r.lengthEnd());
        break;
      case 8802:
        m.authUserAdd = readAuthUserAddRequest(r, r.lengthEnd());
        break;
      case 8810:
        m.authUserDelete = readAuthUserDeleteRequest(r, r.lengthEnd());
        break;
      case 8818:
        m.authUserGet = readAuthUserGetRequest(r, r.lengthEnd());
        break;
      case 8826:
        m.authUserChangePassword = readAuthUserChangePasswordRequest(r, r.lengthEnd());
        break;
      case 8834:
        m.authUserGrantRole = readAuthUserGrantRoleRequest(r, r.lengthEnd());
        break;
      case 8842:
        m.authUserRevokeRole = readAuthUserRevokeRoleRequest(r, r.lengthEnd());
        break;
      case 8850:
        m.authUserList = readAuthUserListRequest(r, r.lengthEnd());
        break;
      case 8858:
        m.authRoleList = readAuthRoleListRequest(r, r.lengthEnd());
        break;
      case 9602:
        m.authRoleAdd = readAuthRoleAddRequest(r, r.lengthEnd());
        break;
      case 9610:
        m.authRoleDelete = readAuthRoleDeleteRequest(r, r.lengthEnd());
        break;
      case 9618:
        m.authRoleGet = readAuthRoleGetRequest(r, r.lengthEnd());
        break;
      case 9626:
        m.authRoleGrantPermission = readAuthRoleGrantPermissionRequest(r, r.lengthEnd());
        break;
      case 9634:
        m.authRoleRevokePermission = readAuthRoleRevokePermissionRequest(r, r.lengthEnd());
        break;
      case 10402:
        m.clusterVersionSet = readClusterVersionSetRequest(r, r.lengthEnd());
        break;
      case 10410:
        m.clusterMemberAttrSet = readClusterMemberAttrSetRequest(r, r.lengthEnd());
        break;
      case 10418:
        m.downgradeInfoSet = readDowngradeInfoSetRequest(r, r.lengthEnd());
        break;
      case 79202:
        m.downgradeVersionTest = readDowngradeVersionTestRequest(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeInternalRaftRequest(bytes: Uint8Array): InternalRaftRequest {
  const r = startReader(bytes);
  try {
    return readInternalRaftRequest(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.EmptyResponse` */
export interface EmptyResponse {
}

/** Returns a `EmptyResponse` with every field at its default. */
export function newEmptyResponse(): EmptyResponse {
  return {};
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeEmptyResponse(_w: Writer, _m: Partial<EmptyResponse>): void {
}

/** Encodes into a byte string of its own. */
export function encodeEmptyResponse(m: Partial<EmptyResponse>): Uint8Array {
  const w = startWriter();
  writeEmptyResponse(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readEmptyResponse(r: Reader, end: number): EmptyResponse {
  const m = newEmptyResponse();
  while (r.at < end) {
    const tag = r.tag(end);
    r.skip(tag);
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeEmptyResponse(bytes: Uint8Array): EmptyResponse {
  const r = startReader(bytes);
  try {
    return readEmptyResponse(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `etcdserverpb.InternalAuthenticateRequest` */
export interface InternalAuthenticateRequest {
  name: string;
  password: string;
  simpleToken: string;
}

/** Returns a `InternalAuthenticateRequest` with every field at its default. */
export function newInternalAuthenticateRequest(): InternalAuthenticateRequest {
  return {
    name: "",
    password: "",
    simpleToken: "",
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeInternalAuthenticateRequest(w: Writer, m: Partial<InternalAuthenticateRequest>): void {
  if (m.simpleToken !== undefined && m.simpleToken.length > 0) {
    w.string(m.simpleToken);
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
export function encodeInternalAuthenticateRequest(m: Partial<InternalAuthenticateRequest>): Uint8Array {
  const w = startWriter();
  writeInternalAuthenticateRequest(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readInternalAuthenticateRequest(r: Reader, end: number): InternalAuthenticateRequest {
  const m = newInternalAuthenticateRequest();
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
        m.simpleToken = r.string();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeInternalAuthenticateRequest(bytes: Uint8Array): InternalAuthenticateRequest {
  const r = startReader(bytes);
  try {
    return readInternalAuthenticateRequest(r, bytes.length);
  } finally {
    r.release();
  }
}
