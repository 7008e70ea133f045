import { hexId, type MemberId } from "@quorate/base";
import { noEntries } from "./message.ts";
import type { Progress } from "./progress.ts";
import type { Raft } from "./raft.ts";
import { type Entry, type Message, MessageType } from "./types.ts";

/** How the leader brings its log to the others (§3.5), with the bounds on what is in flight. */

function payloadBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) bytes += (entries[i] as Entry).data.length;
  return bytes;
}

/**
 * Sends the next entries to a member, or a snapshot when they are gone.
 *
 * @param evenEmpty send also when there are no entries to send; the message then tells the commit index.
 * @returns whether something was sent.
 */
export function maybeSendAppend(raft: Raft, progress: Progress, evenEmpty: boolean): boolean {
  if (progress.isPaused()) return false;
  const { log } = raft;
  const previous = progress.next - 1;
  const previousTerm = log.term(previous);
  if (previousTerm === undefined) return maybeSendSnapshot(raft, progress);
  // A full window still lets empty appends through, so that a member recovers when all of the window was lost.
  const closed = progress.state === "replicate" && progress.inflights.isFull();
  const entries = closed ? noEntries : log.tail(progress.next, raft.config.sizePerMessageMax);
  if (entries.length === 0 && !evenEmpty) return false;
  const message = raft.draft(MessageType.app, progress.id);
  message.index = previous;
  message.logTerm = previousTerm;
  message.entries = entries;
  message.commit = log.committed;
  raft.send(message);
  progress.onSentEntries(entries.length, payloadBytes(entries));
  progress.sentCommit = log.committed;
  return true;
}

function maybeSendSnapshot(raft: Raft, progress: Progress): boolean {
  if (!progress.recentActive) {
    raft.note("debug", `ignore sending snapshot to ${hexId(progress.id)} since it is not recently active`);
    return false;
  }
  const snapshot = raft.config.snapshot();
  if (snapshot === undefined || snapshot.metadata.index === 0) {
    raft.note("debug", `failed to send snapshot to ${hexId(progress.id)} because snapshot is temporarily unavailable`);
    return false;
  }
  const { index, term } = snapshot.metadata;
  progress.becomeSnapshot(index);
  const indexes = `firstindex: ${raft.log.firstIndex}, commit: ${raft.log.committed}`;
  raft.note("debug", `[${indexes}] sent snapshot[index: ${index}, term: ${term}] to ${hexId(progress.id)}`);
  const message = raft.draft(MessageType.snap, progress.id);
  message.snapshot = snapshot;
  raft.send(message);
  return true;
}

/** Sends an append to everybody else whose flow allows one. */
export function broadcastAppend(raft: Raft): void {
  for (const progress of raft.tracker.members) {
    if (progress.id !== raft.id) maybeSendAppend(raft, progress, true);
  }
}

/** Sends a heartbeat to everybody else; it confirms the waiting reads on the way. */
export function broadcastHeartbeat(raft: Raft): void {
  raft.readHeartbeatDue = false;
  const context = raft.readOnly.heartbeatContext();
  for (const progress of raft.tracker.members) {
    if (progress.id === raft.id) continue;
    const message = raft.draft(MessageType.heartbeat, progress.id);
    // A member that lacks committed entries must not be told that they are.
    message.commit = Math.min(progress.match, raft.log.committed);
    message.context = context;
    raft.send(message);
    progress.sentCommit = message.commit;
  }
}

/** What the leader does once more is committed than it knew: tells everybody. */
export type OnCommit = (raft: Raft) => void;

/**
 * Handles the answer to an append, also the leader's own.
 *
 * @param onCommit called when the commit index moved, before it is broadcast.
 */
export function onAppendResponse(raft: Raft, progress: Progress, message: Message, onCommit: OnCommit): void {
  progress.recentActive = true;
  if (message.reject) {
    onAppendRejected(raft, progress, message);
    return;
  }
  const { log } = raft;
  const from = progress.id;
  if (message.index > log.lastIndex) {
    raft.note("warn", `ignored an append response from ${hexId(from)} for an index past the end of the log`, {
      index: message.index,
      lastindex: log.lastIndex,
    });
    return;
  }
  const caughtUp = progress.match === message.index && progress.state === "probe";
  if (!progress.maybeUpdate(message.index) && !caughtUp) return;
  resume(raft, progress, message);
  if (raft.maybeCommit()) {
    onCommit(raft);
    broadcastAppend(raft);
  } else if (from !== raft.id && progress.canBumpCommit(log.committed)) {
    maybeSendAppend(raft, progress, true);
  }
  if (from !== raft.id) {
    // The answer may have made room for several messages.
    while (maybeSendAppend(raft, progress, false)) continue;
  }
  if (from === raft.leadTransferee && progress.match === log.lastIndex) {
    raft.note("info", `sent MsgTimeoutNow to ${hexId(from)} after received MsgAppResp`);
    sendTimeoutNow(raft, from);
  }
}

function resume(raft: Raft, progress: Progress, message: Message): void {
  switch (progress.state) {
    case "probe":
      progress.becomeReplicate();
      break;
    case "snapshot":
      // Whatever snapshot the member restored, it can be fed from the log again.
      if (progress.match + 1 < raft.log.firstIndex) return;
      progress.becomeProbe();
      progress.becomeReplicate();
      break;
    case "replicate":
      progress.inflights.freeUpTo(message.index);
      break;
  }
}

/**
 * Handles the refusal of an append: goes back to where the logs may agree, in one step per term at most.
 *
 * ```
 *   index      1 2 3 4 5 6 7 8 9
 *   leader     1 3 3 3 5 5 5 5 5     refused at 9, hint (6, term 2):
 *   follower   1 1 1 1 2 2           2 to 6 are of higher terms here, so they cannot agree; next probe follows 1
 * ```
 */
function onAppendRejected(raft: Raft, progress: Progress, message: Message): void {
  let matchHint = message.rejectHint;
  if (message.logTerm > 0) matchHint = raft.log.findConflictByTerm(message.rejectHint, message.logTerm).index;
  if (message.commit > message.rejectHint) {
    onLostEntries(raft, progress, message, matchHint);
    return;
  }
  if (!progress.maybeDecrTo({ rejected: message.index, matchHint })) return;
  if (progress.state === "replicate") progress.becomeProbe();
  maybeSendAppend(raft, progress, true);
}

/**
 * Handles the word of a member that it was told of a commit its log does not reach: it has lost what it acknowledged.
 * What is committed stays so; the member is fed again from where its log ends, and its loss is counted.
 */
function onLostEntries(raft: Raft, progress: Progress, message: Message, matchHint: number): void {
  raft.note("warn", `${hexId(progress.id)} has lost entries that it acknowledged`, {
    match: progress.match,
    commit: message.commit,
    lastindex: message.rejectHint,
  });
  progress.regressTo(Math.min(matchHint, raft.log.lastIndex));
  maybeSendAppend(raft, progress, true);
}

/** Handles the echo of a heartbeat as far as replication goes. */
export function resumeAfterHeartbeat(raft: Raft, progress: Progress): void {
  progress.recentActive = true;
  progress.flowPaused = false;
  if (progress.match < raft.log.lastIndex || progress.state === "probe") maybeSendAppend(raft, progress, true);
}

/** Handles the end of a snapshot's journey; `failed` also when nobody knows. */
export function onSnapshotStatus(raft: Raft, progress: Progress, failed: boolean): void {
  if (progress.state !== "snapshot") return;
  // A probe after a failure must not begin behind a snapshot that never came.
  if (failed) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  const outcome = failed ? "failed" : "succeeded";
  raft.note("debug", `snapshot ${outcome}, resumed sending replication messages to ${hexId(progress.id)}`);
  // After success the member's own acknowledgement comes first; after failure a heartbeat goes by.
  progress.flowPaused = true;
}

/** Handles a broken connection: what streamed through it is probably lost. */
export function onUnreachable(raft: Raft, progress: Progress): void {
  if (progress.state === "replicate") progress.becomeProbe();
  raft.note("debug", `failed to send message to ${hexId(progress.id)} because it is unreachable`);
}

export function sendTimeoutNow(raft: Raft, to: MemberId): void {
  raft.send(raft.draft(MessageType.timeoutNow, to));
}
