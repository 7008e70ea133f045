import { emptyBytes, type MemberId, noMember, type Term } from "@quorate/base";
import { type Message, MessageType } from "./types.ts";

/** A message that is still being made; whoever made it fills in what its type needs before it is sent. */
export type MessageDraft = { -readonly [K in keyof Message]: Message[K] };

/** The empty list of entries, shared by all messages that carry none. */
export const noEntries: Message["entries"] = [];

/** Makes a message in which everything that is not given is absent. All messages of the core share this shape. */
export function newMessage(type: MessageType, to: MemberId, from: MemberId, term: Term): MessageDraft {
  return {
    type,
    to,
    from,
    term,
    logTerm: 0,
    index: 0,
    entries: noEntries,
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: emptyBytes,
    vote: noMember,
  };
}

/**
 * What a message type may do when it comes from the network.
 *
 * - `request`: anybody may ask, also a member that our configuration does not know yet.
 * - `response`: only heeded from members of our configuration.
 * - `local`: never heeded; a member says it to itself.
 */
export type MessageClass = "request" | "response" | "local";

const classes: Readonly<Record<MessageType, MessageClass>> = {
  [MessageType.hup]: "local",
  [MessageType.beat]: "local",
  [MessageType.prop]: "request",
  [MessageType.app]: "request",
  [MessageType.appResp]: "response",
  [MessageType.vote]: "request",
  [MessageType.voteResp]: "response",
  [MessageType.snap]: "request",
  [MessageType.heartbeat]: "request",
  [MessageType.heartbeatResp]: "response",
  [MessageType.unreachable]: "local",
  [MessageType.snapStatus]: "local",
  [MessageType.checkQuorum]: "local",
  [MessageType.transferLeader]: "request",
  [MessageType.timeoutNow]: "request",
  [MessageType.readIndex]: "request",
  [MessageType.readIndexResp]: "response",
  [MessageType.preVote]: "request",
  [MessageType.preVoteResp]: "response",
  [MessageType.storageAppend]: "local",
  [MessageType.storageAppendResp]: "local",
  [MessageType.storageApply]: "local",
  [MessageType.storageApplyResp]: "local",
  [MessageType.forgetLeader]: "local",
};

/** Tells how to treat a message of this type from the network; numbers that no version defines count as local. */
export function messageClass(type: number): MessageClass {
  return (classes as Readonly<Record<number, MessageClass | undefined>>)[type] ?? "local";
}

/** Tells whether a message of this type may carry term 0, which means "whatever your term is". */
export function isTermless(type: MessageType): boolean {
  return type === MessageType.prop || type === MessageType.readIndex || type === MessageType.transferLeader;
}

const names: Readonly<Record<MessageType, string>> = {
  [MessageType.hup]: "MsgHup",
  [MessageType.beat]: "MsgBeat",
  [MessageType.prop]: "MsgProp",
  [MessageType.app]: "MsgApp",
  [MessageType.appResp]: "MsgAppResp",
  [MessageType.vote]: "MsgVote",
  [MessageType.voteResp]: "MsgVoteResp",
  [MessageType.snap]: "MsgSnap",
  [MessageType.heartbeat]: "MsgHeartbeat",
  [MessageType.heartbeatResp]: "MsgHeartbeatResp",
  [MessageType.unreachable]: "MsgUnreachable",
  [MessageType.snapStatus]: "MsgSnapStatus",
  [MessageType.checkQuorum]: "MsgCheckQuorum",
  [MessageType.transferLeader]: "MsgTransferLeader",
  [MessageType.timeoutNow]: "MsgTimeoutNow",
  [MessageType.readIndex]: "MsgReadIndex",
  [MessageType.readIndexResp]: "MsgReadIndexResp",
  [MessageType.preVote]: "MsgPreVote",
  [MessageType.preVoteResp]: "MsgPreVoteResp",
  [MessageType.storageAppend]: "MsgStorageAppend",
  [MessageType.storageAppendResp]: "MsgStorageAppendResp",
  [MessageType.storageApply]: "MsgStorageApply",
  [MessageType.storageApplyResp]: "MsgStorageApplyResp",
  [MessageType.forgetLeader]: "MsgForgetLeader",
};

/** The name of a message type in log lines and transcripts, as raftpb spells it. */
export function messageTypeName(type: number): string {
  return (names as Readonly<Record<number, string | undefined>>)[type] ?? `Msg(${type})`;
}
