import {
  ClusterMethods,
  decodeMemberAddRequest,
  decodeMemberListRequest,
  decodeMemberPromoteRequest,
  decodeMemberRemoveRequest,
  decodeMemberUpdateRequest,
  encodeMemberAddResponse,
  encodeMemberListResponse,
  encodeMemberPromoteResponse,
  encodeMemberRemoveResponse,
  encodeMemberUpdateResponse,
  type Member as ApiMember,
} from "@quorate/api";
import type { GrpcServer } from "@quorate/grpc";
import type { Member } from "@quorate/member";
import type { MemberRecord } from "@quorate/state";
import { type CallContext, unaryAsync } from "./calls.ts";
import type { Headers } from "./header.ts";
import { promoteHere } from "./promotion.ts";

/** A member in the form of the client API. */
export const toApiMember = (member: MemberRecord): ApiMember => ({
  id: member.id,
  name: member.name,
  peerUrls: [...member.peerUrls],
  clientUrls: [...member.clientUrls],
  isLearner: member.isLearner,
});

/** All members as this one sees them, by ascending id. */
export const apiMembers = (member: Member): ApiMember[] => member.machine.membership.list().map(toApiMember);

/** Resolves when this member has applied all that was committed when it was called. */
export function whenLinearizable(member: Member): Promise<void> {
  return new Promise((resolve, reject) => member.linearizable({ ready: resolve, fail: reject }));
}

/** `etcdserverpb.Cluster`. */
export function registerCluster(server: GrpcServer, context: CallContext, headers: Headers): void {
  const { member } = context;
  const list = (): { header: ReturnType<Headers["ofCluster"]>; members: ApiMember[] } => ({
    header: headers.ofCluster(),
    members: apiMembers(member),
  });
  unaryAsync(server, context, ClusterMethods.memberAdd, decodeMemberAddRequest, async (request, signal) => {
    const added = await member.changes.add(request.peerUrls, request.isLearner, signal);
    return encodeMemberAddResponse({ ...list(), member: toApiMember(added) });
  });
  unaryAsync(server, context, ClusterMethods.memberRemove, decodeMemberRemoveRequest, async (request, signal) => {
    await member.changes.remove(request.id, signal);
    return encodeMemberRemoveResponse(list());
  });
  unaryAsync(server, context, ClusterMethods.memberUpdate, decodeMemberUpdateRequest, async (request, signal) => {
    await member.changes.update(request.id, request.peerUrls, signal);
    return encodeMemberUpdateResponse(list());
  });
  unaryAsync(server, context, ClusterMethods.memberPromote, decodeMemberPromoteRequest, async (request, signal) => {
    if (member.isLeader) await promoteHere(member, context.metrics, request.id, signal);
    else await member.changes.promote(request.id, signal);
    return encodeMemberPromoteResponse(list());
  });
  unaryAsync(server, context, ClusterMethods.memberList, decodeMemberListRequest, async (request) => {
    if (request.linearizable) await whenLinearizable(member);
    return encodeMemberListResponse(list());
  });
}
