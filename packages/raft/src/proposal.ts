import { CorruptError, noMember } from "@quorate/base";
import { decodeConfChange, decodeConfChangeV2 } from "./codec/conf.ts";
import { changeConfiguration, isJoint, toChangeV2 } from "./configuration.ts";
import type { Raft } from "./raft.ts";
import { broadcastAppend } from "./replication.ts";
import { type ConfChangeV2, type Entry, EntryType, type Message, MessageType, newEntry } from "./types.ts";

/** Why a proposal went nowhere; the proposer may try again. */
export type DropReason =
  /** Nobody is known to lead. */
  | "noLeader"
  /** Another member leads and proposals are not to be forwarded. */
  | "notForwarded"
  /** The leader is handing over. */
  | "transferring"
  /** This leader is no member of the configuration any more. */
  | "notInConfiguration"
  /** Too many payload bytes wait for commit. */
  | "tooManyUncommittedBytes";

/** Why a change of members became an empty entry. */
export type ReplaceReason =
  /** Another change is in the log and not applied, or may be. */
  | "changePending"
  /** A joint configuration must be left first. */
  | "joint"
  /** There is no joint configuration to leave. */
  | "notJoint"
  /** It cannot be decoded. */
  | "malformed"
  /** It cannot be applied to the configuration in force, so no member could ever get past it. */
  | "impossible";

/** What became of a proposal. Acceptance promises nothing: the entry may still be lost with its leader. */
export type ProposeResult =
  | { readonly kind: "accepted"; readonly forwarded: boolean; readonly replaced: ReplaceReason | undefined }
  | { readonly kind: "dropped"; readonly reason: DropReason };

const appended: ProposeResult = { kind: "accepted", forwarded: false, replaced: undefined };
const forwarded: ProposeResult = { kind: "accepted", forwarded: true, replaced: undefined };
const dropped: Readonly<Record<DropReason, ProposeResult>> = {
  noLeader: { kind: "dropped", reason: "noLeader" },
  notForwarded: { kind: "dropped", reason: "notForwarded" },
  transferring: { kind: "dropped", reason: "transferring" },
  notInConfiguration: { kind: "dropped", reason: "notInConfiguration" },
  tooManyUncommittedBytes: { kind: "dropped", reason: "tooManyUncommittedBytes" },
};

const noData = new Uint8Array(0);

/** Returns why the leader takes no proposals now. */
function refusal(raft: Raft): DropReason | undefined {
  if (raft.tracker.get(raft.id) === undefined) return "notInConfiguration";
  return raft.leadTransferee === noMember ? undefined : "transferring";
}

/** Proposes each element of `data` as one entry; they stay together and in order. */
export function propose(raft: Raft, data: readonly Uint8Array[]): ProposeResult {
  if (data.length === 0) return appended;
  if (raft.role !== "leader") {
    const entries = new Array<Entry>(data.length);
    for (let i = 0; i < data.length; i++) entries[i] = newEntry(EntryType.normal, 0, 0, data[i] as Uint8Array);
    return forward(raft, entries, raft.id);
  }
  const reason = refusal(raft);
  if (reason !== undefined) return drop(raft, reason);
  let bytes = 0;
  for (let i = 0; i < data.length; i++) bytes += (data[i] as Uint8Array).length;
  if (!raft.maybeTakeUncommitted(bytes)) return dropped.tooManyUncommittedBytes;
  const { term } = raft;
  const first = raft.log.lastIndex + 1;
  const entries = new Array<Entry>(data.length);
  for (let i = 0; i < data.length; i++) {
    entries[i] = newEntry(EntryType.normal, term, first + i, data[i] as Uint8Array);
  }
  raft.appendEntries(entries);
  broadcastAppend(raft);
  return appended;
}

/** Proposes one encoded change of members. */
export function proposeChange(raft: Raft, type: EntryType, data: Uint8Array): ProposeResult {
  const entry = newEntry(type, 0, 0, data);
  return raft.role === "leader" ? proposeEntries(raft, [entry]) : forward(raft, [entry], raft.id);
}

/** Handles proposals that another member sent here. */
export function onProposal(raft: Raft, message: Message): void {
  if (message.entries.length === 0) return;
  if (raft.role === "leader") proposeEntries(raft, message.entries);
  else forward(raft, message.entries, message.from);
}

function drop(raft: Raft, reason: DropReason): ProposeResult {
  raft.note("debug", `[term ${raft.term}] dropping proposal: ${reason}`);
  return dropped[reason];
}

function forward(raft: Raft, entries: readonly Entry[], from: Message["from"]): ProposeResult {
  if (raft.role !== "follower" || raft.lead === noMember) {
    raft.note("info", `no leader at term ${raft.term}; dropping proposal`);
    return dropped.noLeader;
  }
  if (raft.config.disableProposalForwarding === true) return drop(raft, "notForwarded");
  const message = raft.draft(MessageType.prop, raft.lead);
  message.from = from;
  message.term = 0;
  message.entries = entries;
  raft.send(message);
  return forwarded;
}

/** Appends proposals of any type to the leader's log; only their type and data count. */
export function proposeEntries(raft: Raft, proposals: readonly Entry[]): ProposeResult {
  const reason = refusal(raft);
  if (reason !== undefined) return drop(raft, reason);
  const first = raft.log.lastIndex + 1;
  const entries: Entry[] = [];
  let replaced: ReplaceReason | undefined;
  let bytes = 0;
  for (const proposal of proposals) {
    const index = first + entries.length;
    let { type, data } = proposal;
    if (type !== EntryType.normal) {
      const fault = changeFault(raft, type, data);
      if (fault === undefined) {
        raft.pendingConfIndex = index;
      } else {
        replaced = fault;
        reportReplaced(raft, fault);
        type = EntryType.normal;
        data = noData;
      }
    }
    bytes += data.length;
    entries.push(newEntry(type, raft.term, index, data));
  }
  if (!raft.maybeTakeUncommitted(bytes)) return dropped.tooManyUncommittedBytes;
  raft.appendEntries(entries);
  broadcastAppend(raft);
  return replaced === undefined ? appended : { kind: "accepted", forwarded: false, replaced };
}

function reportReplaced(raft: Raft, reason: ReplaceReason): void {
  raft.note("info", `ignoring conf change: ${reason}`, {
    "pending-index": raft.pendingConfIndex,
    applied: raft.log.applied,
  });
}

/** Returns why a change must not enter the log now: at most one may be there that is not applied (§4.1). */
function changeFault(raft: Raft, type: EntryType, data: Uint8Array): ReplaceReason | undefined {
  const change = decodeChange(type, data);
  if (change === undefined) return "malformed";
  const leaves = change.changes.length === 0;
  if (raft.pendingConfIndex > raft.log.applied) return "changePending";
  // Nothing is pending, so this is the configuration that the change will meet.
  const { configuration } = raft.tracker;
  const joint = isJoint(configuration);
  if (joint && !leaves) return "joint";
  if (!joint && leaves) return "notJoint";
  return "refused" in changeConfiguration(configuration, change) ? "impossible" : undefined;
}

/** Returns undefined when the change cannot be read. */
function decodeChange(type: EntryType, data: Uint8Array): ConfChangeV2 | undefined {
  try {
    return type === EntryType.confChangeV2 ? decodeConfChangeV2(data) : toChangeV2(decodeConfChange(data));
  } catch (error) {
    // Another member sent it; it must not stop this one.
    if (error instanceof CorruptError) return undefined;
    throw error;
  }
}

/** Proposes to leave the joint configuration; nothing happens when the leader takes no proposals now. */
export function proposeLeaveJoint(raft: Raft): ProposeResult {
  return proposeEntries(raft, [newEntry(EntryType.confChangeV2, 0, 0, noData)]);
}
