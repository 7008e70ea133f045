/** What the log of a recorded run asks for, in a form that a naive model understands, and as entries. */
import {
  AlarmAction,
  AlarmType,
  CompareResult,
  CompareTarget,
  encodeAlarmRequest,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodeLeaseGrantRequest,
  encodeLeaseRevokeRequest,
  encodePutRequest,
  encodeTxnRequest,
  membershippb,
  newRequestOp,
  newCompare,
  newPutRequest,
} from "@quorate/api";
import { emptyBytes, type MemberId, toLeaseId, utf8Encode } from "@quorate/base";
import { ConfChangeType, encodeConfChange, EntryType } from "@quorate/raft";
import { changeContext, encodeRaftRequest, type MemberRecord, RequestKind } from "@quorate/state";

export type Command =
  /** The first entry of a leader. */
  | { readonly kind: "empty" }
  | { readonly kind: "put"; readonly key: string; readonly value: string; readonly lease?: bigint }
  /** Deletes `key`, or all keys from it up to `end`. */
  | { readonly kind: "delete"; readonly key: string; readonly end?: string }
  | {
      readonly kind: "txn";
      readonly puts: readonly (readonly [key: string, value: string])[];
      /** Only when all keys from `key` up to `end`, of which there are some, are at this version. */
      readonly when?: { readonly key: string; readonly end: string; readonly version: number };
    }
  | { readonly kind: "compact"; readonly revision: number }
  | { readonly kind: "grant"; readonly lease: bigint; readonly ttl: number }
  | { readonly kind: "revoke"; readonly lease: bigint }
  | { readonly kind: "alarm"; readonly member: MemberId; readonly raise: boolean }
  | { readonly kind: "clusterVersion"; readonly text: string }
  | { readonly kind: "publish"; readonly member: MemberId; readonly name: string }
  | { readonly kind: "add"; readonly member: MemberId; readonly url: string; readonly learner: boolean }
  | { readonly kind: "promote"; readonly member: MemberId }
  | { readonly kind: "update"; readonly member: MemberId; readonly url: string }
  | { readonly kind: "remove"; readonly member: MemberId };

/** Encodes a command as type and data of an entry; `serial` tells apart requests. */
export function entryOf(command: Command, serial: number): { readonly type: EntryType; readonly data: Uint8Array } {
  if (command.kind === "empty") return { type: EntryType.normal, data: emptyBytes };
  const change = changeOf(command);
  if (change !== undefined) {
    const { type, nodeId, context } = change;
    return { type: EntryType.confChange, data: encodeConfChange({ id: BigInt(serial), type, nodeId, context }) };
  }
  const [kind, body] = requestOf(command);
  const origin = { origin: 0xbeef, serial, username: "", authRevision: 0 };
  return { type: EntryType.normal, data: encodeRaftRequest(kind, body, origin) };
}

function changeOf(
  command: Command,
): { readonly type: ConfChangeType; readonly nodeId: MemberId; readonly context: Uint8Array } | undefined {
  const record = (id: MemberId, url: string, isLearner: boolean): MemberRecord => ({
    id,
    peerUrls: [url],
    isLearner,
    name: "",
    clientUrls: [],
  });
  switch (command.kind) {
    case "add": {
      const { member, url, learner } = command;
      const type = learner ? ConfChangeType.addLearnerNode : ConfChangeType.addNode;
      return { type, nodeId: member, context: changeContext(record(member, url, learner)) };
    }
    case "promote": {
      const { member } = command;
      return { type: ConfChangeType.addNode, nodeId: member, context: changeContext(record(member, "", false), true) };
    }
    case "update": {
      const { member, url } = command;
      return { type: ConfChangeType.updateNode, nodeId: member, context: changeContext(record(member, url, false)) };
    }
    case "remove":
      return { type: ConfChangeType.removeNode, nodeId: command.member, context: emptyBytes };
    default:
      return undefined;
  }
}

function requestOf(command: Command): [kind: number, body: Uint8Array] {
  switch (command.kind) {
    case "put": {
      const { key, value, lease = 0n } = command;
      const put = { key: utf8Encode(key), value: utf8Encode(value), lease: toLeaseId(lease) };
      return [RequestKind.put, encodePutRequest(put)];
    }
    case "delete": {
      const rangeEnd = command.end === undefined ? emptyBytes : utf8Encode(command.end);
      return [RequestKind.deleteRange, encodeDeleteRangeRequest({ key: utf8Encode(command.key), rangeEnd })];
    }
    case "txn": {
      const success = command.puts.map(([key, value]) => ({
        ...newRequestOp(),
        requestPut: { ...newPutRequest(), key: utf8Encode(key), value: utf8Encode(value) },
      }));
      const { when } = command;
      const compare =
        when === undefined
          ? []
          : [
              {
                ...newCompare(),
                target: CompareTarget.VERSION,
                result: CompareResult.EQUAL,
                key: utf8Encode(when.key),
                rangeEnd: utf8Encode(when.end),
                version: when.version,
              },
            ];
      return [RequestKind.txn, encodeTxnRequest({ compare, success })];
    }
    case "compact":
      return [RequestKind.compaction, encodeCompactionRequest({ revision: command.revision })];
    case "grant":
      return [RequestKind.leaseGrant, encodeLeaseGrantRequest({ id: toLeaseId(command.lease), ttl: command.ttl })];
    case "revoke":
      return [RequestKind.leaseRevoke, encodeLeaseRevokeRequest({ id: toLeaseId(command.lease) })];
    case "alarm": {
      const action = command.raise ? AlarmAction.ACTIVATE : AlarmAction.DEACTIVATE;
      return [RequestKind.alarm, encodeAlarmRequest({ action, memberId: command.member, alarm: AlarmType.CORRUPT })];
    }
    case "clusterVersion":
      return [RequestKind.clusterVersionSet, membershippb.encodeClusterVersionSetRequest({ ver: command.text })];
    case "publish": {
      const { member, name } = command;
      const memberAttributes = { name, clientUrls: [`http://${name}:2379`] };
      const body = membershippb.encodeClusterMemberAttrSetRequest({ memberId: member, memberAttributes });
      return [RequestKind.clusterMemberAttrSet, body];
    }
    default:
      throw new Error(`${command.kind} is no request`);
  }
}
