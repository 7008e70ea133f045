import {
  type AlarmRequest,
  type AlarmResponse,
  ClusterMethods,
  type CompactionRequest,
  type CompactionResponse,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  decodeAlarmResponse,
  decodeCompactionResponse,
  decodeDeleteRangeResponse,
  decodeHashKVResponse,
  decodeHealthCheckResponse,
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
  encodeAlarmRequest,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodeHashKVRequest,
  encodeHealthCheckRequest,
  encodeMemberAddRequest,
  encodeMemberListRequest,
  encodeMemberPromoteRequest,
  encodeMemberRemoveRequest,
  encodeMemberUpdateRequest,
  encodeMoveLeaderRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeStatusRequest,
  encodeTxnRequest,
  type HashKVResponse,
  type HealthCheckResponse,
  HealthMethods,
  KVMethods,
  MaintenanceMethods,
  type MemberAddResponse,
  type MemberListResponse,
  type MemberPromoteResponse,
  type MemberRemoveResponse,
  type MemberUpdateResponse,
  type MoveLeaderResponse,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type StatusResponse,
  type TxnRequest,
  type TxnResponse,
} from "@quorate/api";
import type { MemberId } from "@quorate/base";
import { Caller, type CallerOptions, type RequestOptions } from "./caller.ts";

/** A transaction that writes nothing may be repeated like a read. */
function isReadOnly(txn: Partial<TxnRequest>): boolean {
  return [...(txn.success ?? []), ...(txn.failure ?? [])].every((op) =>
    op.requestTxn === undefined ? op.requestRange !== undefined : isReadOnly(op.requestTxn),
  );
}

/**
 * A client of the key-value, cluster and maintenance services. Requests and answers are the messages of the API;
 * absent request fields are at their defaults. Key-value pairs in answers are bytes: decode them with `decodeKeyValue`.
 *
 * Every call throws `KvError` for the errors of etcd's table, `ClientError` for connections and deadlines,
 * `AbortError` for the caller's signal.
 */
export class Client {
  readonly #caller: Caller;

  constructor(options: CallerOptions) {
    this.#caller = new Caller(options);
  }

  get endpoints(): readonly string[] {
    return this.#caller.endpoints;
  }

  async range(request: Partial<RangeRequest>, options?: RequestOptions): Promise<RangeResponse> {
    return decodeRangeResponse(await this.#caller.call(KVMethods.range, encodeRangeRequest(request), "read", options));
  }

  async put(request: Partial<PutRequest>, options?: RequestOptions): Promise<PutResponse> {
    return decodePutResponse(await this.#caller.call(KVMethods.put, encodePutRequest(request), "write", options));
  }

  async deleteRange(request: Partial<DeleteRangeRequest>, options?: RequestOptions): Promise<DeleteRangeResponse> {
    const message = encodeDeleteRangeRequest(request);
    return decodeDeleteRangeResponse(await this.#caller.call(KVMethods.deleteRange, message, "write", options));
  }

  async txn(request: Partial<TxnRequest>, options?: RequestOptions): Promise<TxnResponse> {
    const repeat = isReadOnly(request) ? "read" : "write";
    return decodeTxnResponse(await this.#caller.call(KVMethods.txn, encodeTxnRequest(request), repeat, options));
  }

  async compact(request: Partial<CompactionRequest>, options?: RequestOptions): Promise<CompactionResponse> {
    const message = encodeCompactionRequest(request);
    return decodeCompactionResponse(await this.#caller.call(KVMethods.compact, message, "write", options));
  }

  /** @param linearizable false: the view of whichever member answers. */
  async memberList(linearizable = true, options?: RequestOptions): Promise<MemberListResponse> {
    const message = encodeMemberListRequest({ linearizable });
    return decodeMemberListResponse(await this.#caller.call(ClusterMethods.memberList, message, "read", options));
  }

  async memberAdd(
    peerUrls: readonly string[],
    isLearner = false,
    options?: RequestOptions,
  ): Promise<MemberAddResponse> {
    const message = encodeMemberAddRequest({ peerUrls: [...peerUrls], isLearner });
    return decodeMemberAddResponse(await this.#caller.call(ClusterMethods.memberAdd, message, "write", options));
  }

  async memberRemove(id: MemberId, options?: RequestOptions): Promise<MemberRemoveResponse> {
    const message = encodeMemberRemoveRequest({ id });
    return decodeMemberRemoveResponse(await this.#caller.call(ClusterMethods.memberRemove, message, "write", options));
  }

  async memberUpdate(
    id: MemberId,
    peerUrls: readonly string[],
    options?: RequestOptions,
  ): Promise<MemberUpdateResponse> {
    const message = encodeMemberUpdateRequest({ id, peerUrls: [...peerUrls] });
    return decodeMemberUpdateResponse(await this.#caller.call(ClusterMethods.memberUpdate, message, "write", options));
  }

  async memberPromote(id: MemberId, options?: RequestOptions): Promise<MemberPromoteResponse> {
    const message = encodeMemberPromoteRequest({ id });
    const answer = await this.#caller.call(ClusterMethods.memberPromote, message, "write", options);
    return decodeMemberPromoteResponse(answer);
  }

  /** Asks one member, the first endpoint that answers, about itself. */
  async status(options?: RequestOptions): Promise<StatusResponse> {
    const message = encodeStatusRequest({});
    return decodeStatusResponse(await this.#caller.call(MaintenanceMethods.status, message, "read", options));
  }

  /** @param revision 0 for the present one. */
  async hashKv(revision = 0, options?: RequestOptions): Promise<HashKVResponse> {
    const message = encodeHashKVRequest({ revision });
    return decodeHashKVResponse(await this.#caller.call(MaintenanceMethods.hashKV, message, "read", options));
  }

  async alarm(request: Partial<AlarmRequest>, options?: RequestOptions): Promise<AlarmResponse> {
    const message = encodeAlarmRequest(request);
    const repeat = (request.action ?? 0) === 0 ? "read" : "write";
    return decodeAlarmResponse(await this.#caller.call(MaintenanceMethods.alarm, message, repeat, options));
  }

  /** Only the leader takes this call. */
  async moveLeader(targetId: MemberId, options?: RequestOptions): Promise<MoveLeaderResponse> {
    const message = encodeMoveLeaderRequest({ targetId });
    return decodeMoveLeaderResponse(await this.#caller.call(MaintenanceMethods.moveLeader, message, "write", options));
  }

  async healthCheck(service = "", options?: RequestOptions): Promise<HealthCheckResponse> {
    const message = encodeHealthCheckRequest({ service });
    return decodeHealthCheckResponse(await this.#caller.call(HealthMethods.check, message, "read", options));
  }

  /** Takes no more calls, lets those under way end, and closes all connections. Idempotent. */
  close(): Promise<void> {
    return this.#caller.close();
  }
}

const lastByte = 0xff;

/** The end of the range of all keys with `prefix`; for the empty prefix, and one of 0xff alone, the end of all keys. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === lastByte) length -= 1;
  if (length === 0) return new Uint8Array(1);
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] as number) + 1;
  return end;
}
