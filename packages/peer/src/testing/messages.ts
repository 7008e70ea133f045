import { emptyBytes, noMember } from "@quorate/base";
import { type Message, MessageType } from "@quorate/raft";

/** A message with these fields and nothing else set. */
export function messageWith(fields: Partial<Message>): Message {
  return {
    type: MessageType.hup,
    to: noMember,
    from: noMember,
    term: 0,
    logTerm: 0,
    index: 0,
    entries: [],
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: emptyBytes,
    vote: noMember,
    ...fields,
  };
}
