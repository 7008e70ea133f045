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
    logger: ports.logger,
    snapshot,
  };
}

const electionTicks = (options: MemberOptions): number =>
  Math.max(2, Math.floor(options.electionMs / options.heartbeatMs));

/**
 * Ticks to skip at start: a member alone campaigns at once; one with peers leaves a tick or two so that a leader can be
 * heard first.
 */
export function restartedTicks(options: MemberOptions, membership: Membership, self: MemberId): number {
  if (!options.initialElectionTickAdvance) return 0;
  const members = membership.list();
  const alone = members.length === 1 && members[0]?.id === self;
  return alone || members.length === 0 ? electionTicks(options) - 1 : 0;
}
