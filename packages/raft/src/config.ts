import { invariant, type Logger, type MemberId, type Random } from "@quorate/base";
import type { Snapshot } from "./types.ts";

/** What a member's core is made with. Byte counts may be Infinity where no limit is wanted. */
export interface RaftConfig {
  readonly id: MemberId;
  /** Ticks without a leader before an election; each wait is drawn anew from [electionTicks, 2 × electionTicks). */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly random: Random;
  /** Ask whether an election could be won before disturbing anybody (§9.6). */
  readonly preVote: boolean;
  /** Step down when a quorum is silent, and ignore vote requests while a leader is heard (§6.2). */
  readonly checkQuorum: boolean;
  /** Encoded bytes of entries in one append; it carries at least one entry all the same. */
  readonly sizePerMessageMax: number;
  readonly inflightMessagesMax: number;
  /** Payload bytes on their way to one member; at least `sizePerMessageMax`. */
  readonly inflightBytesMax: number;
  /** Payload bytes that a leader lets wait for commit; a proposal is accepted whatever its size while none wait. */
  readonly uncommittedBytesMax: number;
  /** Encoded bytes of entries being applied at a time; at least one entry is handed out all the same. */
  readonly committedBytesPerReadyMax: number;
  readonly disableProposalForwarding?: boolean;
  /** A leader that is no voter any more steps down as soon as it has applied that. */
  readonly stepDownOnRemoval: boolean;
  /** Refusals of votes tell the candidate what is committed of its log; etcd's library neither tells nor listens. */
  readonly tellsCommitToCandidates?: boolean;
  readonly logger: Logger;
  /**
   * Returns the latest snapshot that may be sent to a member that lags; undefined: not ready, ask later. Its
   * configuration must be the one at its index, also when asked within `applyConfChange`.
   */
  readonly snapshot: () => Snapshot | undefined;
}

/** Refuses what could not work. */
export function checkConfig(config: RaftConfig): void {
  const { electionTicks, heartbeatTicks } = config;
  invariant(config.id !== 0n, "a member needs an id");
  invariant(heartbeatTicks > 0, "heartbeat ticks must be positive", () => ({ heartbeatTicks }));
  invariant(electionTicks > heartbeatTicks, "election ticks must exceed heartbeat ticks", () => ({ electionTicks }));
  invariant(config.inflightMessagesMax > 0, "some message must be allowed in flight");
  invariant(config.sizePerMessageMax >= 0, "a message cannot have a negative size");
  invariant(config.inflightBytesMax >= config.sizePerMessageMax, "a message must fit the inflight window");
  invariant(config.inflightBytesMax > 0, "some byte must be allowed in flight");
  invariant(config.uncommittedBytesMax > 0, "some byte must be allowed to wait for commit");
  invariant(config.committedBytesPerReadyMax > 0, "some byte must be allowed to be applied");
}
