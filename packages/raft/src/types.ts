import type { LogIndex, MemberId, Term } from "@quorate/base";

/**
 * The data of raft, in the shapes of `raftpb`. The codecs in `api` produce and take the same shapes;
 * numbers that name kinds are those of the wire.
 */

/** What an entry holds: a proposal (also the empty entry of a new leader), or a change of members. */
export const EntryType = { normal: 0, confChange: 1, confChangeV2: 2 } as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

/** One position of the replicated log. `data` is never written to after the entry was made. */
export interface Entry {
  readonly type: EntryType;
  readonly term: Term;
  readonly index: LogIndex;
  readonly data: Uint8Array;
  /**
   * The `raftpb.Entry` encoding of the four fields above once somebody made it, so that the log file and
   * every stream share one copy. Only the codec sets it.
   */
  encoded: Uint8Array | undefined;
}

/** Makes an entry; all entries come from here, so that they share one shape. `data` is kept, not copied. */
export function newEntry(type: EntryType, term: Term, index: LogIndex, data: Uint8Array): Entry {
  return { type, term, index, data, encoded: undefined };
}

/** What must be durable before a promise leaves: vote and term, and a commit index that only saves work. */
export interface HardState {
  readonly term: Term;
  readonly vote: MemberId;
  readonly commit: LogIndex;
}

/** Who votes and who listens. Outside joint consensus `votersOutgoing` and `learnersNext` are empty. */
export interface ConfState {
  readonly voters: readonly MemberId[];
  readonly learners: readonly MemberId[];
  readonly votersOutgoing: readonly MemberId[];
  readonly learnersNext: readonly MemberId[];
  readonly autoLeave: boolean;
}

export interface SnapshotMetadata {
  readonly confState: ConfState;
  readonly index: LogIndex;
  readonly term: Term;
}

/** A raft snapshot. In etcd's protocol `data` is the v2 store's JSON; the database travels beside it. */
export interface Snapshot {
  readonly data: Uint8Array;
  readonly metadata: SnapshotMetadata;
}

/** Wire numbers of `raftpb.MessageType`. */
export const MessageType = {
  hup: 0,
  beat: 1,
  prop: 2,
  app: 3,
  appResp: 4,
  vote: 5,
  voteResp: 6,
  snap: 7,
  heartbeat: 8,
  heartbeatResp: 9,
  unreachable: 10,
  snapStatus: 11,
  checkQuorum: 12,
  transferLeader: 13,
  timeoutNow: 14,
  readIndex: 15,
  readIndexResp: 16,
  preVote: 17,
  preVoteResp: 18,
  storageAppend: 19,
  storageAppendResp: 20,
  storageApply: 21,
  storageApplyResp: 22,
  forgetLeader: 23,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** A message between members, or from a member to itself. All fields are always set; 0, empty and false mean absent. */
export interface Message {
  readonly type: MessageType;
  readonly to: MemberId;
  readonly from: MemberId;
  readonly term: Term;
  readonly logTerm: Term;
  readonly index: LogIndex;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
  readonly snapshot: Snapshot | undefined;
  readonly reject: boolean;
  readonly rejectHint: LogIndex;
  readonly context: Uint8Array;
  /** Only meaningful from 3.6 on and between storage messages; carried as it came. */
  readonly vote: MemberId;
}

export const ConfChangeType = { addNode: 0, removeNode: 1, updateNode: 2, addLearnerNode: 3 } as const;
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType];

/** `raftpb.ConfChange`: one change, as etcd's servers write it. */
export interface ConfChange {
  readonly id: bigint;
  readonly type: ConfChangeType;
  readonly nodeId: MemberId;
  readonly context: Uint8Array;
}

export interface ConfChangeSingle {
  readonly type: ConfChangeType;
  readonly nodeId: MemberId;
}

export const ConfChangeTransition = { auto: 0, jointImplicit: 1, jointExplicit: 2 } as const;
export type ConfChangeTransition = (typeof ConfChangeTransition)[keyof typeof ConfChangeTransition];

/** `raftpb.ConfChangeV2`: any set of changes; an empty one leaves a joint configuration. */
export interface ConfChangeV2 {
  readonly transition: ConfChangeTransition;
  readonly changes: readonly ConfChangeSingle[];
  readonly context: Uint8Array;
}
