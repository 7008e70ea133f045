import { invariant, type LogIndex, noMember } from "@quorate/base";
import { type ChangeOutcome, changeConfiguration, toConfState } from "./configuration.ts";
import { answerRead, servePostponedReads } from "./leader.ts";
import { proposeLeaveJoint } from "./proposal.ts";
import type { Raft } from "./raft.ts";
import { broadcastAppend, maybeSendAppend } from "./replication.ts";
import type { ConfChange, ConfChangeV2, ConfState } from "./types.ts";

/** Changes of members, in force from the moment their entry is applied (§4). */

const nobody: ReadonlySet<never> = new Set();

/**
 * Puts a committed change in force.
 *
 * @param change "none" when the change was found void; the configuration stays.
 * @returns the configuration now in force.
 */
export function applyConfChange(raft: Raft, change: ConfChange | ConfChangeV2 | "none"): ConfState {
  const current = raft.tracker.configuration;
  // The snapshot has put this and later changes in force already; the entry was handed out before it came.
  if (raft.log.pendingSnapshot !== undefined) return toConfState(current);
  const outcome: ChangeOutcome =
    change === "none" ? { configuration: current, fresh: nobody } : changeConfiguration(current, change);
  // All members apply the same changes to the same configurations; one that cannot be applied must never get here.
  invariant("configuration" in outcome, "a change of members cannot be applied", () => ({
    outcome,
    change,
    current: toConfState(current),
  }));
  raft.setConfiguration(outcome.configuration, outcome.fresh);
  if (raft.role === "leader") leadIn(raft);
  return toConfState(outcome.configuration);
}

/** What a leader does in a new configuration. */
function leadIn(raft: Raft): void {
  const { tracker } = raft;
  const { voters, outgoing } = tracker.configuration;
  if (tracker.get(raft.id) === undefined || raft.isLearner) {
    if (raft.config.stepDownOnRemoval) raft.becomeFollower(raft.term, noMember);
    return;
  }
  if (raft.maybeCommit()) {
    // Fewer members may have to agree now than before.
    servePostponedReads(raft);
    broadcastAppend(raft);
  } else {
    // Newcomers need not wait for the next heartbeat.
    for (const progress of tracker.members) {
      if (progress.id !== raft.id) maybeSendAppend(raft, progress, false);
    }
  }
  if (tracker.isOnlyVoter(raft.id)) {
    for (const request of raft.readOnly.takeAll()) answerRead(raft, request);
  }
  const target = raft.leadTransferee;
  if (!voters.has(target) && !outgoing.has(target)) raft.leadTransferee = noMember;
}

/** Everything up to `index` was applied. */
export function onApplied(raft: Raft, index: LogIndex): void {
  raft.releaseUncommitted(raft.log.appliedTo(index));
  leaveJointIfDue(raft);
}

/** The snapshot at `index` is installed and stands for everything up to it. */
export function onSnapshotApplied(raft: Raft, index: LogIndex): void {
  raft.log.stableSnapshotTo(index);
  raft.releaseUncommitted(raft.log.appliedTo(index));
  leaveJointIfDue(raft);
}

/** A joint configuration that leaves itself is left as soon as it is in force. */
function leaveJointIfDue(raft: Raft): void {
  if (raft.role !== "leader" || !raft.tracker.configuration.autoLeave) return;
  if (raft.log.applied < raft.pendingConfIndex) return;
  const result = proposeLeaveJoint(raft);
  if (result.kind === "accepted") raft.note("info", "initiating automatic transition out of joint configuration");
  else raft.note("debug", `not initiating automatic transition out of joint configuration: ${result.reason}`);
}
