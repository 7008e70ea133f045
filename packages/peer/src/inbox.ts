import { hexId, type Logger, type MemberId } from "@quorate/base";
import { type Message, MessageType } from "@quorate/raft";
import { messageOf } from "./activity.ts";
import { inBackground, rethrowBug } from "./bugs.ts";
import type { PeerHost } from "./host.ts";

/** How often at most one kind of trouble with one peer is logged. */
const logEveryMs = 1_000;

/**
 * Hands the messages of one peer's streams to the member. Those that raft does not take at once are counted,
 * proposals apart, so that proposals which wait for a leader hold nothing else back; beyond the limit they are dropped.
 */
export class Inbox {
  readonly #host: PeerHost;
  readonly #peerId: MemberId;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #max: number;
  readonly #waiting: { proposals: number; others: number } = { proposals: 0, others: 0 };
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(host: PeerHost, peerId: MemberId, logger: Logger, nowMs: () => number, max: number) {
    this.#host = host;
    this.#peerId = peerId;
    this.#logger = logger;
    this.#nowMs = nowMs;
    this.#max = max;
  }

  deliver(message: Message): void {
    const refusal = refusalToStep(this.#host, message, this.#peerId);
    if (refusal !== undefined) {
      this.#warn("failed to process Raft message", message, refusal);
      return;
    }
    const counted = message.type === MessageType.prop ? "proposals" : "others";
    if (this.#waiting[counted] >= this.#max) {
      this.#warn("dropped internal Raft message since receiving buffer is full (overloaded network)", message);
      return;
    }
    try {
      const taken = this.#host.step(message);
      if (taken !== undefined) this.#await(taken, message, counted);
    } catch (cause) {
      rethrowBug(cause);
      this.#warn("failed to process Raft message", message, messageOf(cause));
    }
  }

  #await(taken: Promise<void>, message: Message, counted: "proposals" | "others"): void {
    this.#waiting[counted]++;
    const settled = taken.then(
      () => {
        this.#waiting[counted]--;
      },
      (cause: unknown) => {
        this.#waiting[counted]--;
        rethrowBug(cause);
        this.#warn("failed to process Raft message", message, messageOf(cause));
      },
    );
    inBackground(settled);
  }

  #warn(text: string, message: Message, error?: string): void {
    const now = this.#nowMs();
    if (now - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = now;
    this.#logger.log("warn", text, {
      "message-type": message.type,
      "local-member-id": hexId(this.#host.memberId),
      from: hexId(message.from),
      ...(error === undefined ? {} : { error }),
    });
  }
}

/**
 * Tells why a message is not for raft: its sender was removed, or it is for somebody else.
 *
 * @param known a sender that is known not to be removed.
 */
export function refusalToStep(host: PeerHost, message: Message, known?: MemberId): string | undefined {
  if (message.from !== known && host.isRemoved(message.from)) return "cannot process message from removed member";
  return message.to === host.memberId ? undefined : "cannot process message to mismatch member";
}
