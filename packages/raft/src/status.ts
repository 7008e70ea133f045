import type { LogIndex, MemberId, Term } from "@quorate/base";
import { toConfState } from "./configuration.ts";
import type { ProgressState } from "./progress.ts";
import type { Raft, Role } from "./raft.ts";
import type { ConfState } from "./types.ts";

/** What a leader believes of one member, itself included. */
export interface ProgressStatus {
  readonly id: MemberId;
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly state: ProgressState;
  /** Heard from since the last quorum check. */
  readonly recentActive: boolean;
  /** Index of the snapshot on its way, 0 when there is none. */
  readonly pendingSnapshot: LogIndex;
  readonly isLearner: boolean;
  readonly isPaused: boolean;
  /** Append messages not yet acknowledged. */
  readonly inflight: number;
  /** How often the member lost what it had acknowledged in this term; anything but 0 deserves an alarm. */
  readonly regressions: number;
}

/** A picture of a member; nothing in it changes later. */
export interface Status {
  readonly id: MemberId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: MemberId;
  readonly lead: MemberId;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly leadTransferee: MemberId;
  readonly config: ConfState;
  /** In order of ids; empty unless this member leads. */
  readonly progress: readonly ProgressStatus[];
}

function progressOf(raft: Raft): ProgressStatus[] {
  return raft.tracker.members.map((progress) => ({
    id: progress.id,
    match: progress.match,
    next: progress.next,
    state: progress.state,
    recentActive: progress.recentActive,
    pendingSnapshot: progress.pendingSnapshot,
    isLearner: progress.isLearner,
    isPaused: progress.isPaused(),
    inflight: progress.inflights.count,
    regressions: progress.regressions,
  }));
}

export function statusOf(raft: Raft): Status {
  const { log } = raft;
  return {
    id: raft.id,
    role: raft.role,
    term: raft.term,
    vote: raft.vote,
    lead: raft.lead,
    commit: log.committed,
    applied: log.applied,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    leadTransferee: raft.leadTransferee,
    config: toConfState(raft.tracker.configuration),
    progress: raft.role === "leader" ? progressOf(raft) : [],
  };
}
