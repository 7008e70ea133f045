import { startReader, startWriter, type Request, decodeRequest } from "@quorate/api";
import { emptyBytes, utf8Decode } from "@quorate/base";
import { entryData } from "@quorate/raft";

/**
 * Field numbers of `InternalRaftRequest`: what a log entry asks for. `none` is the empty entry of a new leader,
 * `v2` a bare request of the v2 store.
 */
export const RequestKind = {
  none: 0,
  v2: 2,
  range: 3,
  put: 4,
  deleteRange: 5,
  txn: 6,
  compaction: 7,
  leaseGrant: 8,
  leaseRevoke: 9,
  alarm: 10,
  leaseCheckpoint: 11,
  header: 100,
  authEnable: 1000,
  authDisable: 1011,
  authenticate: 1012,
  authStatus: 1013,
  authUserGet: 1102,
  authUserList: 1106,
  authRoleList: 1107,
  authRoleGet: 1202,
  clusterVersionSet: 1300,
  clusterMemberAttrSet: 1301,
  downgradeInfoSet: 1302,
  downgradeVersionTest: 9900,
} as const;

/** A log entry's data, taken apart as far as every member needs it. Byte fields alias the entry. */
export interface RaftRequest {
  /** Upper 16 bits of the request id: which member proposed it. */
  readonly origin: number;
  /** Lower 48 bits of the request id. */
  readonly serial: number;
  /** A field number of `InternalRaftRequest`, one of `RequestKind` or of the auth requests. */
  readonly kind: number;
  /** The encoded message of that field; for `v2` the whole entry. */
  readonly body: Uint8Array;
  readonly username: string;
  readonly authRevision: number;
}

const emptyRequest: RaftRequest = {
  origin: 0,
  serial: 0,
  kind: RequestKind.none,
  body: emptyBytes,
  username: "",
  authRevision: 0,
};

/** Requests that etcd looks at before all others when several are set. */
const firstKinds: ReadonlySet<number> = new Set([
  RequestKind.clusterVersionSet,
  RequestKind.clusterMemberAttrSet,
  RequestKind.downgradeInfoSet,
]);

/**
 * Takes the data of a normal entry apart.
 *
 * @throws ProtoError when `data` is neither an `InternalRaftRequest` nor a v2 request.
 */
export function parseRaftRequest(data: Uint8Array): RaftRequest {
  if (data.length === 0) return emptyRequest;
  const r = startReader(data);
  let kind: number = RequestKind.none;
  let body: Uint8Array = emptyBytes;
  let serial = 0;
  let origin = 0;
  let header: Uint8Array | undefined;
  try {
    while (r.at < data.length) {
      const tag = r.tag(data.length);
      const field = tag >>> 3;
      if (tag === 8) {
        serial = r.low48();
        origin = r.highPart;
      } else if ((tag & 7) !== 2) {
        r.skip(tag);
      } else if (field === RequestKind.header) {
        header = r.bytes();
      } else {
        const value = r.bytes();
        if (field === RequestKind.v2 && isV2Method(value)) return parseV2(data);
        if (kind === RequestKind.none || (firstKinds.has(field) && !firstKinds.has(kind))) {
          kind = field;
          body = value;
        }
      }
    }
    r.expectEnd(data.length);
  } finally {
    r.release();
  }
  if (header === undefined) return { origin, serial, kind, body, username: "", authRevision: 0 };
  return withHeader(header, { origin, serial, kind, body });
}

function withHeader(
  header: Uint8Array,
  parts: { readonly origin: number; readonly serial: number; readonly kind: number; readonly body: Uint8Array },
): RaftRequest {
  const r = startReader(header);
  let { origin, serial } = parts;
  let username = "";
  let authRevision = 0;
  try {
    while (r.at < header.length) {
      const tag = r.tag(header.length);
      if (tag === 8) {
        const low = r.low48();
        if (parts.serial === 0 && parts.origin === 0) {
          serial = low;
          origin = r.highPart;
        }
      } else if (tag === 18) username = r.string();
      else if (tag === 24) authRevision = r.uint64();
      else r.skip(tag);
    }
  } finally {
    r.release();
  }
  return { origin, serial, kind: parts.kind, body: parts.body, username, authRevision };
}

function isV2Method(bytes: Uint8Array): boolean {
  if (bytes.length < 3 || bytes.length > 6) return false;
  const text = utf8Decode(bytes);
  return text === "PUT" || text === "POST" || text === "DELETE" || text === "QGET" || text === "SYNC";
}

function parseV2(data: Uint8Array): RaftRequest {
  const { id } = decodeRequest(data);
  return {
    ...emptyRequest,
    origin: Number(id >> 48n),
    serial: Number(id & 0xffffffffffffn),
    kind: RequestKind.v2,
    body: data,
  };
}

/** Decodes the body of a `v2` request. */
export const decodeV2Request = (request: RaftRequest): Request => decodeRequest(request.body);

/** Who asks, for the entry's header. */
export interface RequestOrigin {
  readonly origin: number;
  readonly serial: number;
  readonly username: string;
  readonly authRevision: number;
}

/** From this size on a request is copied once, not into the writer's memory and out of it. */
const largeBodyBytesMin = 32 * 1024;

/**
 * Encodes an `InternalRaftRequest` around a message that is already encoded, as etcd does: the request, then the header.
 *
 * @param kind the field number.
 * @param body the encoded request; copied.
 */
export function encodeRaftRequest(kind: number, body: Uint8Array, from: RequestOrigin): Uint8Array {
  const w = startWriter();
  const end = w.mark();
  if (from.authRevision > 0) {
    w.uvarint(from.authRevision);
    w.uvarint(24);
  }
  if (from.username !== "") {
    w.string(from.username);
    w.uvarint(18);
  }
  w.parts64(from.origin, from.serial);
  w.uvarint(8);
  w.uvarint(end - w.mark());
  w.uvarint((RequestKind.header << 3) | 2);
  if (body.length < largeBodyBytesMin) {
    w.bytes(body);
    w.uvarint((kind << 3) | 2);
    return w.finish();
  }
  const header = w.finish();
  w.start();
  w.uvarint(body.length);
  w.uvarint((kind << 3) | 2);
  const tagAndLength = w.finish();
  const data = entryData(tagAndLength.length + body.length + header.length);
  data.set(tagAndLength);
  data.set(body, tagAndLength.length);
  data.set(header, tagAndLength.length + body.length);
  return data;
}
