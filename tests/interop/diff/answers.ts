/** Answers in a form that can be compared: everything is kept but what has to differ between two clusters. */
import {
  decodeAlarmResponse,
  decodeCompactionResponse,
  decodeDeleteRangeResponse,
  decodeHashKVResponse,
  decodeHealthCheckResponse,
  decodeHealthListResponse,
  decodeKeyValue,
  decodeMemberAddResponse,
  decodeMemberListResponse,
  decodeMemberPromoteResponse,
  decodeMemberRemoveResponse,
  decodeMemberUpdateResponse,
  decodeMoveLeaderResponse,
  decodePutResponse,
  decodeRangeResponse,
  decodeStatusResponse,
  decodeTxnResponse,
} from "@quorate/api";
import { createHash } from "node:crypto";

const decoders: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  "etcdserverpb.KV/Range": decodeRangeResponse,
  "etcdserverpb.KV/Put": decodePutResponse,
  "etcdserverpb.KV/DeleteRange": decodeDeleteRangeResponse,
  "etcdserverpb.KV/Txn": decodeTxnResponse,
  "etcdserverpb.KV/Compact": decodeCompactionResponse,
  "etcdserverpb.Cluster/MemberAdd": decodeMemberAddResponse,
  "etcdserverpb.Cluster/MemberRemove": decodeMemberRemoveResponse,
  "etcdserverpb.Cluster/MemberUpdate": decodeMemberUpdateResponse,
  "etcdserverpb.Cluster/MemberList": decodeMemberListResponse,
  "etcdserverpb.Cluster/MemberPromote": decodeMemberPromoteResponse,
  "etcdserverpb.Maintenance/Alarm": decodeAlarmResponse,
  "etcdserverpb.Maintenance/Status": decodeStatusResponse,
  "etcdserverpb.Maintenance/HashKV": decodeHashKVResponse,
  "etcdserverpb.Maintenance/MoveLeader": decodeMoveLeaderResponse,
  "grpc.health.v1.Health/Check": decodeHealthCheckResponse,
  "grpc.health.v1.Health/Watch": decodeHealthCheckResponse,
  "grpc.health.v1.Health/List": decodeHealthListResponse,
};

/** Values that name one cluster, and the words that replace them in comparisons. */
export type Mask = ReadonlyMap<string, string>;

/** How a call ended. */
export interface Answer {
  readonly code: number;
  readonly message: string;
  /** Absent when the call failed; undefined fields inside are fields that were absent. */
  readonly body?: unknown;
}

/** The revision in an answer's header, if there is one. */
export function revisionOf(answer: Answer): number | undefined {
  return (answer.body as { header?: { revision?: number } } | undefined)?.header?.revision;
}

export function decodeAnswer(method: string, bytes: Uint8Array, mask: Mask): unknown {
  const decode = decoders[method];
  return decode === undefined ? `${bytes.length} bytes` : neutral(decode(bytes), mask, "");
}

const shownBytesMax = 80;

function neutral(value: unknown, mask: Mask, field: string): unknown {
  if (value instanceof Uint8Array) {
    if (field === "kvs" || field === "prevKvs" || field === "prevKv") return neutral(decodeKeyValue(value), mask, "");
    if (value.length <= shownBytesMax) return Buffer.from(value).toString("latin1");
    return `${value.length} bytes, sha1 ${createHash("sha1").update(value).digest("hex")}`;
  }
  if (typeof value === "bigint") return mask.get(String(value)) ?? String(value);
  if (typeof value === "string") return masked(value, mask);
  if (value instanceof Map) return neutral(Object.fromEntries(value), mask, field);
  if (Array.isArray(value)) return value.map((one: unknown) => neutral(one, mask, field));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, neutral(inner, mask, name)]));
}

/** Replaces what names one cluster in a text. */
export function masked(text: string, mask: Mask): string {
  let out = text;
  for (const [from, to] of mask) out = out.replaceAll(from, to);
  return out;
}
