import { type MemberId, noMember } from "@quorate/base";
import { type Entry, type Message, MessageType } from "@quorate/raft";
import { messageWith } from "./messages.ts";

/** Just enough of a raft follower to make a leader send its log; it keeps no promise and never votes. */
export class LogReader {
  /** Index to entry; starts after `snapshotIndex`. */
  readonly log: Map<number, Entry> = new Map();
  snapshotIndex = 0;
  snapshotTerm = 0;
  commit = 0;
  heartbeats = 0;
  leader: MemberId = noMember;
  #last = 0;

  lastIndex(): number {
    return this.#last;
  }

  /** Takes a message and returns the answer to it, if it has one. */
  step(message: Message): Message | undefined {
    const answer = (fields: Partial<Message>): Message =>
      messageWith({ to: message.from, from: message.to, term: message.term, ...fields });
    switch (message.type) {
      case MessageType.heartbeat:
        this.heartbeats++;
        this.leader = message.from;
        this.commit = Math.max(this.commit, message.commit);
        return answer({ type: MessageType.heartbeatResp, context: message.context });
      case MessageType.app:
        this.leader = message.from;
        return answer({ type: MessageType.appResp, ...this.#append(message) });
      case MessageType.snap:
        this.snapshotIndex = message.snapshot?.metadata.index ?? 0;
        this.snapshotTerm = message.snapshot?.metadata.term ?? 0;
        this.#last = this.snapshotIndex;
        this.commit = this.snapshotIndex;
        return answer({ type: MessageType.appResp, index: this.#last });
      default:
        return undefined;
    }
  }

  #append(message: Message): Partial<Message> {
    if (message.index < this.commit) return { index: this.commit };
    if (this.#termAt(message.index) !== message.logTerm) {
      return { index: message.index, reject: true, rejectHint: Math.min(this.#last, message.index) };
    }
    for (const entry of message.entries) this.log.set(entry.index, entry);
    this.#last = message.index + message.entries.length;
    this.commit = Math.max(this.commit, Math.min(message.commit, this.#last));
    return { index: this.#last };
  }

  #termAt(index: number): number | undefined {
    if (index === 0) return 0;
    if (index === this.snapshotIndex) return this.snapshotTerm;
    return index <= this.#last ? this.log.get(index)?.term : undefined;
  }
}
