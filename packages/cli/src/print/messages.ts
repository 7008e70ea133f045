/** The API's answers as the JSON that etcdctl prints: protobuf names, in the order of the message. */
import {
  type DeleteRangeResponse,
  decodeKeyValue,
  type HashKVResponse,
  type KeyValue,
  type Member,
  type PutResponse,
  type RangeResponse,
  type ResponseHeader,
  type ResponseOp,
  type StatusResponse,
  type TxnResponse,
} from "@quorate/api";
import { JsonObject, jsonString } from "./json.ts";

export function headerJson(header: ResponseHeader | undefined): JsonObject | undefined {
  if (header === undefined) return undefined;
  return new JsonObject()
    .id("cluster_id", header.clusterId)
    .id("member_id", header.memberId)
    .number("revision", header.revision)
    .number("raft_term", header.raftTerm);
}

function pairJson(kv: KeyValue): JsonObject {
  return new JsonObject()
    .bytes("key", kv.key)
    .number("create_revision", kv.createRevision)
    .number("mod_revision", kv.modRevision)
    .number("version", kv.version)
    .bytes("value", kv.value)
    .number("lease", kv.lease);
}

function pairs(kvs: readonly Uint8Array[]): string[] {
  return kvs.map((kv) => pairJson(decodeKeyValue(kv)).text());
}

export function rangeJson(r: RangeResponse): JsonObject {
  return new JsonObject()
    .object("header", headerJson(r.header))
    .list("kvs", pairs(r.kvs))
    .bool("more", r.more)
    .number("count", r.count);
}

export function putJson(r: PutResponse): JsonObject {
  const previous = r.prevKv === undefined ? undefined : pairJson(decodeKeyValue(r.prevKv));
  return new JsonObject().object("header", headerJson(r.header)).object("prev_kv", previous);
}

export function deleteJson(r: DeleteRangeResponse): JsonObject {
  return new JsonObject()
    .object("header", headerJson(r.header))
    .number("deleted", r.deleted)
    .list("prev_kvs", pairs(r.prevKvs));
}

function operationJson(op: ResponseOp): string {
  const inner = new JsonObject();
  if (op.responseRange !== undefined) inner.object("response_range", rangeJson(op.responseRange));
  else if (op.responsePut !== undefined) inner.object("response_put", putJson(op.responsePut));
  else if (op.responseDeleteRange !== undefined) {
    inner.object("response_delete_range", deleteJson(op.responseDeleteRange));
  } else if (op.responseTxn !== undefined) inner.object("response_txn", txnJson(op.responseTxn));
  else return '{"Response":null}';
  return `{"Response":${inner.text()}}`;
}

export function txnJson(r: TxnResponse): JsonObject {
  return new JsonObject()
    .object("header", headerJson(r.header))
    .bool("succeeded", r.succeeded)
    .list("responses", r.responses.map(operationJson));
}

const quoteAll = (texts: readonly string[]): string[] => texts.map(jsonString);

export function memberJson(m: Member): JsonObject {
  return new JsonObject()
    .id("ID", m.id)
    .string("name", m.name)
    .list("peerURLs", quoteAll(m.peerUrls))
    .list("clientURLs", quoteAll(m.clientUrls))
    .bool("isLearner", m.isLearner);
}

/** What all answers about members have in common. */
export interface MembersResponse {
  readonly header: ResponseHeader | undefined;
  readonly member?: Member | undefined;
  readonly members: readonly Member[];
}

export function membersJson(r: MembersResponse): JsonObject {
  return new JsonObject()
    .object("header", headerJson(r.header))
    .object("member", r.member === undefined ? undefined : memberJson(r.member))
    .list(
      "members",
      r.members.map((member) => memberJson(member).text()),
    );
}

/** The list with identities in hexadecimal, which leaves nothing out and says nothing about learners, as etcd 3.6's. */
export function membersHexJson(r: MembersResponse): string {
  const hex = (id: bigint): string => `"${BigInt.asUintN(64, id).toString(16)}"`;
  const header = r.header;
  const head = new JsonObject()
    .always("cluster_id", hex(header?.clusterId ?? 0n))
    .always("member_id", hex(header?.memberId ?? 0n))
    .always("raft_term", String(header?.raftTerm ?? 0));
  const urls = (list: readonly string[]): string => (list.length === 0 ? "null" : `[${quoteAll(list).join(",")}]`);
  const members = r.members.map((m) =>
    new JsonObject()
      .always("ID", hex(m.id))
      .always("name", jsonString(m.name))
      .always("peerURLs", urls(m.peerUrls))
      .always("clientURLs", urls(m.clientUrls))
      .text(),
  );
  return new JsonObject().object("header", head).list("members", members).text();
}

export function statusJson(r: StatusResponse): JsonObject {
  const downgrade = r.downgradeInfo;
  return new JsonObject()
    .object("header", headerJson(r.header))
    .string("version", r.version)
    .number("dbSize", r.dbSize)
    .id("leader", r.leader)
    .number("raftIndex", r.raftIndex)
    .number("raftTerm", r.raftTerm)
    .number("raftAppliedIndex", r.raftAppliedIndex)
    .list("errors", quoteAll(r.errors))
    .number("dbSizeInUse", r.dbSizeInUse)
    .bool("isLearner", r.isLearner)
    .string("storageVersion", r.storageVersion)
    .number("dbSizeQuota", r.dbSizeQuota)
    .object(
      "downgradeInfo",
      downgrade === undefined
        ? undefined
        : new JsonObject().bool("enabled", downgrade.enabled).string("targetVersion", downgrade.targetVersion),
    );
}

export function hashJson(r: HashKVResponse): JsonObject {
  return new JsonObject()
    .object("header", headerJson(r.header))
    .number("hash", r.hash)
    .number("compact_revision", r.compactRevision)
    .number("hash_revision", r.hashRevision);
}
