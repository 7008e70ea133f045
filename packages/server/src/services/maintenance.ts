import {
  type AlarmMember,
  AlarmType,
  decodeAlarmRequest,
  decodeHashKVRequest,
  decodeMoveLeaderRequest,
  decodeStatusRequest,
  encodeAlarmResponse,
  encodeHashKVResponse,
  encodeMoveLeaderResponse,
  encodeStatusResponse,
  KvError,
  MaintenanceMethods,
} from "@quorate/api";
import { AbortError, noMember } from "@quorate/base";
import type { GrpcServer } from "@quorate/grpc";
import type { Member } from "@quorate/member";
import { type Outcome, RequestKind } from "@quorate/state";
import type { RequestMetrics } from "../metrics/requests.ts";
import { type CallContext, unaryAsync } from "./calls.ts";
import type { Headers } from "./header.ts";

/** The name of an alarm type, as `/health` gives it. */
export function alarmName(type: number): string {
  return type === AlarmType.NOSPACE ? "NOSPACE" : type === AlarmType.CORRUPT ? "CORRUPT" : "UNKNOWN";
}

/** An alarm as protobuf prints it: without a member that is 0, and with the number of a type that has no name. */
export function alarmText({ memberId, alarm }: AlarmMember): string {
  const name = alarm === AlarmType.NOSPACE || alarm === AlarmType.CORRUPT ? alarmName(alarm) : String(alarm);
  return `${memberId === noMember ? "" : `memberID:${memberId} `}alarm:${name} `;
}

/** What is wrong, in the texts of a status answer. */
function statusErrors(member: Member): string[] {
  const errors = member.lead === noMember ? ["etcdserver: no leader"] : [];
  for (const alarm of member.machine.alarms.list()) errors.push(alarmText(alarm));
  return errors;
}

/** Proposes a request and resolves with what applying it gave. */
export function proposed(member: Member, kind: number, body: Uint8Array): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    member.propose(kind, body, {
      settle: (outcome) => (outcome.kind === "refused" ? reject(new KvError(outcome.code)) : resolve(outcome)),
      fail: reject,
    });
  });
}

/** Hashes the rows up to a revision, and takes the time. */
export async function timedHash(
  member: Member,
  metrics: RequestMetrics,
  revision: number,
): Promise<Awaited<ReturnType<Member["storage"]["hashKv"]>>> {
  const startedMs = performance.now();
  const hash = await member.storage.hashKv(revision);
  metrics.onHash(performance.now() - startedMs);
  return hash;
}

/** `etcdserverpb.Maintenance`, as far as it speaks of members and hashes. */
export function registerMaintenance(
  server: GrpcServer,
  context: CallContext,
  headers: Headers,
  quotaBytes: number,
): void {
  const { member } = context;
  unaryAsync(server, context, MaintenanceMethods.status, decodeStatusRequest, async () => {
    await Promise.resolve();
    const { backend } = member.storage;
    return encodeStatusResponse({
      header: headers.now(),
      version: member.version,
      dbSize: backend.size(),
      leader: member.lead,
      raftIndex: member.committed,
      raftTerm: member.term,
      raftAppliedIndex: member.applied,
      errors: statusErrors(member),
      dbSizeInUse: backend.sizeInUse(),
      isLearner: member.isLearner,
      storageVersion: member.machine.progress.storageVersion,
      dbSizeQuota: quotaBytes,
      downgradeInfo: { enabled: false, targetVersion: "" },
    });
  });
  unaryAsync(server, context, MaintenanceMethods.moveLeader, decodeMoveLeaderRequest, async (request, signal) => {
    try {
      await member.leadership.moveTo(request.targetId, signal);
    } catch (error) {
      if (error instanceof AbortError) throw new KvError("timeoutLeaderTransfer");
      throw error;
    }
    return encodeMoveLeaderResponse({});
  });
  unaryAsync(server, context, MaintenanceMethods.alarm, decodeAlarmRequest, async (_request, _signal, call) => {
    const outcome = await proposed(member, RequestKind.alarm, call.message);
    const alarms = outcome.kind === "alarm" ? (outcome.response.alarms ?? []) : [];
    return encodeAlarmResponse({ header: headers.now(), alarms });
  });
  unaryAsync(server, context, MaintenanceMethods.hashKV, decodeHashKVRequest, async (request) => {
    const result = await timedHash(member, context.metrics, request.revision);
    return encodeHashKVResponse({ header: headers.now(), ...result });
  });
}
