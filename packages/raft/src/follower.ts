import { hexId, type LogIndex, noMember } from "@quorate/base";
import { configurationFault, fromConfState } from "./configuration.ts";
import { campaignIfAllowed, onVoteRequest, onVoteResponse } from "./election.ts";
import { type Handler, type Handlers, ignore } from "./handler.ts";
import { onProposal } from "./proposal.ts";
import type { Raft } from "./raft.ts";
import { type ConfState, type Entry, type Message, MessageType, type Snapshot } from "./types.ts";

/** What followers and candidates do with messages: take the leader's log, and pass on what is the leader's to do. */

// ── The leader's messages ───────────────────────────────────────────────────────────────────────────────────────

function acknowledge(raft: Raft, to: Message["from"], index: LogIndex): void {
  const answer = raft.draft(MessageType.appResp, to);
  answer.index = index;
  raft.sendAfterAppend(answer);
}

/** Tells whether entries follow each other and the one at `index`. */
function areConsecutive(entries: readonly Entry[], index: LogIndex): boolean {
  for (let i = 0; i < entries.length; i++) if ((entries[i] as Entry).index !== index + i + 1) return false;
  return true;
}

function takeAppend(raft: Raft, message: Message): void {
  const { log } = raft;
  if (message.index < log.committed) {
    acknowledge(raft, message.from, log.committed);
    return;
  }
  if (!areConsecutive(message.entries, message.index)) {
    raft.note("warn", `ignored an append with a hole from ${hexId(message.from)}`, { index: message.index });
    return;
  }
  const last = log.maybeAppend(message.index, message.logTerm, message.entries, message.commit);
  if (last !== undefined) {
    acknowledge(raft, message.from, last);
    return;
  }
  // The leader's entries up to its previous one have at most that one's term: ours with higher terms cannot agree.
  const hint = log.findConflictByTerm(Math.min(message.index, log.lastIndex), message.logTerm);
  const answer = raft.draft(MessageType.appResp, message.from);
  answer.index = message.index;
  answer.reject = true;
  answer.rejectHint = hint.index;
  answer.logTerm = hint.term;
  raft.sendAfterAppend(answer);
}

/**
 * Takes the commit index of a heartbeat, which the leader has cut to what this member acknowledged to it.
 *
 * If the log does not reach that far, entries were lost after all. Then nothing is committed and the heartbeat is not
 * echoed, for the echo could count for a read; the answer is a refusal that tells where the log ends, with the commit
 * index it could not follow. Leaders that do not know this form take it for an old refusal.
 */
function takeHeartbeat(raft: Raft, message: Message): void {
  const { log } = raft;
  if (message.commit > log.lastIndex) {
    raft.note("warn", `${hexId(message.from)} knows more to be committed than this log holds`, {
      commit: message.commit,
      lastindex: log.lastIndex,
    });
    const answer = raft.draft(MessageType.appResp, message.from);
    answer.index = message.commit;
    answer.reject = true;
    answer.rejectHint = log.lastIndex;
    answer.logTerm = log.lastTerm;
    answer.commit = message.commit;
    raft.sendAfterAppend(answer);
    return;
  }
  log.commitTo(message.commit);
  const answer = raft.draft(MessageType.heartbeatResp, message.from);
  answer.context = message.context;
  raft.send(answer);
}

function takeSnapshot(raft: Raft, message: Message): void {
  const { log } = raft;
  const { snapshot } = message;
  const restored = snapshot !== undefined && restore(raft, snapshot);
  const at = `[index: ${snapshot?.metadata.index ?? 0}, term: ${snapshot?.metadata.term ?? 0}]`;
  raft.note("info", `[commit: ${log.committed}] ${restored ? "restored" : "ignored"} snapshot ${at}`);
  acknowledge(raft, message.from, restored ? log.lastIndex : log.committed);
}

function isIn(state: ConfState, id: Message["to"]): boolean {
  return state.voters.includes(id) || state.learners.includes(id) || state.votersOutgoing.includes(id);
}

/**
 * Replaces log and configuration by those of a snapshot.
 *
 * @returns false when the snapshot is old, is not meant for this member, or says nothing the log does not hold.
 */
function restore(raft: Raft, snapshot: Snapshot): boolean {
  const { log } = raft;
  const { index, term, confState } = snapshot.metadata;
  if (index <= log.committed) return false;
  if (!isIn(confState, raft.id)) {
    raft.note("warn", "attempted to restore snapshot but it is not in the ConfState");
    return false;
  }
  const configuration = fromConfState(confState);
  const fault = configurationFault(configuration);
  if (fault !== undefined) {
    raft.note("warn", `ignored a snapshot with an impossible configuration: ${fault}`);
    return false;
  }
  if (log.matchTerm(index, term)) {
    raft.note("info", `fast-forwarded commit to snapshot [index: ${index}, term: ${term}]`);
    log.commitTo(index);
    return false;
  }
  log.restore(snapshot);
  raft.setConfiguration(configuration, undefined);
  return true;
}

/** A follower heard from its leader. */
const fromLeader =
  (take: Handler): Handler =>
  (raft, message) => {
    raft.electionElapsed = 0;
    raft.lead = message.from;
    take(raft, message);
  };

/** Somebody else won the election of this term. */
const fromWinner =
  (take: Handler): Handler =>
  (raft, message) => {
    raft.becomeFollower(raft.term, message.from);
    take(raft, message);
  };

// ── What is the leader's to do ──────────────────────────────────────────────────────────────────────────────────

function forwardTransfer(raft: Raft, message: Message): void {
  if (raft.lead === noMember) {
    raft.note("info", `no leader at term ${raft.term}; dropping leader transfer msg`);
    return;
  }
  const forwarded = raft.draft(MessageType.transferLeader, raft.lead);
  forwarded.from = message.from;
  raft.send(forwarded);
}

/**
 * Passes a read on to the leader.
 *
 * @returns false when nobody is known to lead.
 */
export function forwardRead(raft: Raft, from: Message["from"], entries: readonly Entry[]): boolean {
  if (raft.role !== "follower" || raft.lead === noMember) {
    raft.note("info", `no leader at term ${raft.term}; dropping index reading msg`);
    return false;
  }
  const forwarded = raft.draft(MessageType.readIndex, raft.lead);
  forwarded.from = from;
  forwarded.term = 0;
  forwarded.entries = entries;
  raft.send(forwarded);
  return true;
}

const onReadIndex: Handler = (raft, message) => {
  forwardRead(raft, message.from, message.entries);
};

function onReadIndexResp(raft: Raft, message: Message): void {
  const [entry] = message.entries;
  if (entry === undefined || message.entries.length !== 1) {
    raft.note("error", `invalid format of MsgReadIndexResp from ${hexId(message.from)}`);
    return;
  }
  raft.readStates.push({ index: message.index, context: entry.data });
}

function onTimeoutNow(raft: Raft, message: Message): void {
  const from = hexId(message.from);
  raft.note(
    "info",
    `[term ${raft.term}] received MsgTimeoutNow from ${from} and starts an election to get leadership.`,
  );
  // The leader wishes it, so there is nobody to be spared by a pre-vote.
  campaignIfAllowed(raft, "transfer");
}

function forgetLeader(raft: Raft): void {
  if (raft.lead === noMember) return;
  raft.note("info", `forgetting leader ${hexId(raft.lead)} at term ${raft.term}`);
  raft.lead = noMember;
}

export const followerHandlers: Handlers = {
  [MessageType.hup]: ignore,
  [MessageType.beat]: ignore,
  [MessageType.prop]: onProposal,
  [MessageType.app]: fromLeader(takeAppend),
  [MessageType.appResp]: ignore,
  [MessageType.vote]: onVoteRequest,
  [MessageType.voteResp]: ignore,
  [MessageType.snap]: fromLeader(takeSnapshot),
  [MessageType.heartbeat]: fromLeader(takeHeartbeat),
  [MessageType.heartbeatResp]: ignore,
  [MessageType.unreachable]: ignore,
  [MessageType.snapStatus]: ignore,
  [MessageType.checkQuorum]: ignore,
  [MessageType.transferLeader]: forwardTransfer,
  [MessageType.timeoutNow]: onTimeoutNow,
  [MessageType.readIndex]: onReadIndex,
  [MessageType.readIndexResp]: onReadIndexResp,
  [MessageType.preVote]: onVoteRequest,
  [MessageType.preVoteResp]: ignore,
  [MessageType.storageAppend]: ignore,
  [MessageType.storageAppendResp]: ignore,
  [MessageType.storageApply]: ignore,
  [MessageType.storageApplyResp]: ignore,
  [MessageType.forgetLeader]: forgetLeader,
};

export const candidateHandlers: Handlers = {
  ...followerHandlers,
  [MessageType.app]: fromWinner(takeAppend),
  [MessageType.snap]: fromWinner(takeSnapshot),
  [MessageType.heartbeat]: fromWinner(takeHeartbeat),
  [MessageType.voteResp]: onVoteResponse,
  [MessageType.preVoteResp]: onVoteResponse,
  [MessageType.transferLeader]: ignore,
  [MessageType.timeoutNow]: ignore,
  [MessageType.readIndex]: ignore,
  [MessageType.readIndexResp]: ignore,
  [MessageType.forgetLeader]: ignore,
};
