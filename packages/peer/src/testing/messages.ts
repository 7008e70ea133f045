import { emptyBytes, noMember, toHex, utf8Encode } from "@quorate/base";
import { encodeMessage, type Message, MessageType, newEntry } from "@quorate/raft";
import type { TestMember } from "./cluster.ts";

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

/** One message of every type that crosses the network, except the snapshot. */
export function everyMessage(from: TestMember, to: TestMember): Message[] {
  const common = { from: from.host.memberId, to: to.host.memberId };
  const types = [2, 3, 4, 5, 6, 8, 9, 13, 14, 15, 16, 17, 18] as const;
  return types.map((type) =>
    messageWith({
      ...common,
      type,
      term: type === MessageType.prop ? 0 : 7,
      logTerm: 6,
      index: 100 + type,
      commit: 90,
      reject: type === MessageType.appResp,
      rejectHint: type,
      context: type === MessageType.readIndex ? utf8Encode("12345678") : emptyBytes,
      entries:
        type === MessageType.app || type === MessageType.prop
          ? [newEntry(0, 7, 101 + type, utf8Encode("k=v")), newEntry(1, 7, 102 + type, new Uint8Array(20_000).fill(9))]
          : [],
    }),
  );
}

/** The bytes of messages, whatever their order. */
export function sortedBytes(messages: readonly Message[]): string[] {
  return messages.map((message) => toHex(encodeMessage(message))).sort();
}
