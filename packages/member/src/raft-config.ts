import type { MemberId } from "@quorate/base";
import type { RaftConfig, Snapshot } from "@quorate/raft";
import type { Membership } from "@quorate/state";
import type { MemberOptions, MemberPorts } from "./options.ts";

const mib = 1024 * 1024;

/** Raft's settings, as etcd chooses them. */
export function raftConfig(
  options: MemberOptions,
  id: MemberId,
  ports: MemberPorts,
  snapshot: () => Snapshot | undefined,
): RaftConfig {
  return {
    id,
    electionTicks: electionTicks(options),
    heartbeatTicks: 1,
    random: ports.random,
    preVote: options.preVote,
    checkQuorum: true,
    sizePerMessageMax: mib / 2,
    inflightMessagesMax: 512,
    inflightBytesMax: 256 * mib,
    uncommittedBytesMax: 1024 * mib,
    committedBytesPerReadyMax: 64 * mib,
    stepDownOnRemoval: false,
    tellsCommitToCandidates: true,
    logger: ports.logger,
    snapshot,
  };
}

const electionTicks = (options: MemberOptions): number =>
  Math.max(2, Math.floor(options.electionMs / options.heartbeatMs));

/** Tells whether this member is the only voter, so that nobody else could lead and it need not wait for one. */
export function isOnlyVoter(membership: Membership, self: MemberId): boolean {
  const voters = membership.list().filter((member) => !member.isLearner);
  return voters.length === 1 && voters[0]?.id === self;
}
