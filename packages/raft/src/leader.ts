import { hexId, type MemberId, noMember } from "@quorate/base";
import { onVoteRequest } from "./election.ts";
import type { Handler, Handlers } from "./handler.ts";
import { ignore } from "./handler.ts";
import { onProposal } from "./proposal.ts";
import type { Raft } from "./raft.ts";
import type { ReadRequest } from "./read-only.ts";
import { pendingReadsMax } from "./read-only.ts";
import {
  maybeSendAppend,
  onAppendResponse,
  onSnapshotStatus,
  onUnreachable,
  resumeAfterHeartbeat,
  sendTimeoutNow,
} from "./replication.ts";
import { type Entry, type Message, MessageType } from "./types.ts";

/** What a leader does beside replication: reads (§6.4), hand-over (§3.10), the check that it still leads (§6.2). */

/** Steps down unless a quorum was heard from since the last check. */
export function checkQuorum(raft: Raft): void {
  if (!raft.tracker.quorumActive()) {
    raft.note("warn", "stepped down to follower since quorum is not active");
    raft.becomeFollower(raft.term, noMember);
  }
  for (const progress of raft.tracker.members) {
    if (progress.id !== raft.id) progress.recentActive = false;
  }
}

// ── Reads ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Takes a read, its own or another member's.
 *
 * @returns false when too many wait already.
 */
export function requestRead(raft: Raft, from: MemberId, entries: readonly Entry[]): boolean {
  if (raft.postponedReads.length >= pendingReadsMax || raft.readOnly.isFull()) {
    raft.note("warn", "too many reads wait; dropping index reading msg");
    return false;
  }
  if (raft.hasCommittedInTerm()) serveRead(raft, from, entries);
  else raft.postponedReads.push({ from, entries });
  return true;
}

function serveRead(raft: Raft, from: MemberId, entries: readonly Entry[]): void {
  const request: ReadRequest = { from, entries, index: raft.log.committed };
  if (raft.tracker.isOnlyVoter(raft.id)) {
    answerRead(raft, request);
    return;
  }
  raft.readOnly.add(request, raft.id);
  // All reads that come before the next batch leaves share its round of heartbeats.
  raft.readHeartbeatDue = true;
}

/** Serves the reads that waited for the first commit of the term. */
export function servePostponedReads(raft: Raft): void {
  if (raft.postponedReads.length === 0 || !raft.hasCommittedInTerm()) return;
  const reads = raft.postponedReads;
  raft.postponedReads = [];
  for (const { from, entries } of reads) serveRead(raft, from, entries);
}

export function answerRead(raft: Raft, { from, entries, index }: ReadRequest): void {
  if (from === raft.id) {
    const [entry] = entries;
    if (entry !== undefined) raft.readStates.push({ index, context: entry.data });
    return;
  }
  const message = raft.draft(MessageType.readIndexResp, from);
  message.index = index;
  message.entries = entries;
  raft.send(message);
}

function onReadIndex(raft: Raft, message: Message): void {
  if (message.entries.length === 1) requestRead(raft, message.from, message.entries);
}

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

function onAppendResp(raft: Raft, message: Message): void {
  const progress = raft.tracker.get(message.from);
  if (progress !== undefined) onAppendResponse(raft, progress, message, servePostponedReads);
}

function onHeartbeatResp(raft: Raft, message: Message): void {
  const progress = raft.tracker.get(message.from);
  if (progress === undefined) return;
  resumeAfterHeartbeat(raft, progress);
  if (message.context.length === 0) return;
  const confirmed = raft.readOnly.onAck(message.from, message.context, raft.tracker);
  for (const request of confirmed) answerRead(raft, request);
}

function onSnapStatus(raft: Raft, message: Message): void {
  const progress = raft.tracker.get(message.from);
  if (progress !== undefined) onSnapshotStatus(raft, progress, message.reject);
}

function onUnreachableReport(raft: Raft, message: Message): void {
  const progress = raft.tracker.get(message.from);
  if (progress !== undefined) onUnreachable(raft, progress);
}

// ── Hand-over ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Starts to hand over to the sender; ended by its election or after one election timeout. */
function onTransferLeader(raft: Raft, message: Message): void {
  const target = message.from;
  const progress = raft.tracker.get(target);
  if (progress === undefined) return;
  if (progress.isLearner) {
    raft.note("debug", `${hexId(target)} is learner. Ignored transferring leadership`);
    return;
  }
  const current = raft.leadTransferee;
  if (current === target) {
    raft.note("info", `[term ${raft.term}] transfer leadership to ${hexId(target)} is in progress, ignores request`);
    return;
  }
  if (current !== noMember) {
    raft.leadTransferee = noMember;
    raft.note("info", `[term ${raft.term}] abort previous transferring leadership to ${hexId(current)}`);
  }
  if (target === raft.id) {
    raft.note("debug", "is already leader. Ignored transferring leadership to self");
    return;
  }
  raft.note("info", `[term ${raft.term}] starts to transfer leadership to ${hexId(target)}`);
  raft.electionElapsed = 0;
  raft.leadTransferee = target;
  if (progress.match === raft.log.lastIndex) {
    raft.note("info", `sends MsgTimeoutNow to ${hexId(target)} immediately as it already has up-to-date log`);
    sendTimeoutNow(raft, target);
  } else {
    maybeSendAppend(raft, progress, true);
  }
}

/** Two leaders in one term cannot be, so what only a leader sends cannot reach one in its own term. */
const onOtherLeader: Handler = (raft, message) => {
  raft.note("warn", `ignored a leader's message of its own term from ${hexId(message.from)}`, { type: message.type });
};

export const leaderHandlers: Handlers = {
  [MessageType.hup]: ignore,
  [MessageType.beat]: ignore,
  [MessageType.prop]: onProposal,
  [MessageType.app]: onOtherLeader,
  [MessageType.appResp]: onAppendResp,
  [MessageType.vote]: onVoteRequest,
  [MessageType.voteResp]: ignore,
  [MessageType.snap]: onOtherLeader,
  [MessageType.heartbeat]: onOtherLeader,
  [MessageType.heartbeatResp]: onHeartbeatResp,
  [MessageType.unreachable]: onUnreachableReport,
  [MessageType.snapStatus]: onSnapStatus,
  [MessageType.checkQuorum]: ignore,
  [MessageType.transferLeader]: onTransferLeader,
  [MessageType.timeoutNow]: ignore,
  [MessageType.readIndex]: onReadIndex,
  [MessageType.readIndexResp]: ignore,
  [MessageType.preVote]: onVoteRequest,
  [MessageType.preVoteResp]: ignore,
  [MessageType.storageAppend]: ignore,
  [MessageType.storageAppendResp]: ignore,
  [MessageType.storageApply]: ignore,
  [MessageType.storageApplyResp]: ignore,
  [MessageType.forgetLeader]: ignore,
};
