import { hexId, type LogIndex, type MemberId, type Term, toHex } from "@quorate/base";
import type { ConfState } from "@quorate/raft";
import { check } from "../violation.ts";

/** A read that somebody asked the leader for. */
interface Asked {
  /** When, in the order of messages. */
  readonly at: number;
  /** What anybody knew to be committed then. */
  readonly commit: LogIndex;
}

/** The heartbeats of one leader in one term. */
interface Reign {
  /** When a context left first. */
  readonly sent: Map<string, number>;
  /** The newest moment of which a member has shown that it still followed. */
  readonly echoed: Map<MemberId, number>;
}

const askedMost = 4096;

/**
 * I13 where reads are confirmed: the index of a read is no older than what was committed when it was asked for, and a
 * quorum answered the leader after that. An answer to what the leader said before says nothing of who leads now: that
 * such a read is right is luck.
 */
export class ReadQuorum {
  #clock = 0;
  readonly #asked: Map<string, Asked> = new Map();
  readonly #reigns: Map<string, Reign> = new Map();

  #reign(leader: MemberId, term: Term): Reign {
    const key = `${leader} ${term}`;
    let reign = this.#reigns.get(key);
    if (reign === undefined) {
      reign = { sent: new Map(), echoed: new Map() };
      this.#reigns.set(key, reign);
    }
    return reign;
  }

  onHeartbeat(leader: MemberId, term: Term, context: Uint8Array): void {
    if (context.length === 0) return;
    const { sent } = this.#reign(leader, term);
    const key = toHex(context);
    this.#clock += 1;
    if (!sent.has(key)) sent.set(key, this.#clock);
  }

  onEcho(from: MemberId, leader: MemberId, term: Term, context: Uint8Array): void {
    if (context.length === 0) return;
    const { sent, echoed } = this.#reign(leader, term);
    const at = sent.get(toHex(context)) ?? 0;
    if (at > (echoed.get(from) ?? 0)) echoed.set(from, at);
  }

  /** A member asks its leader for the index of a read. */
  onAsk(context: Uint8Array, commit: LogIndex): void {
    const key = toHex(context);
    this.#clock += 1;
    if (this.#asked.has(key)) return;
    if (this.#asked.size >= askedMost) this.#asked.clear();
    this.#asked.set(key, { at: this.#clock, commit });
  }

  /** The leader answers. @param config in force there. */
  onConfirm(
    leader: MemberId,
    term: Term,
    read: { readonly context: Uint8Array; readonly index: LogIndex },
    config: ConfState,
  ): void {
    const asked = this.#asked.get(toHex(read.context));
    if (asked === undefined) return;
    check(
      read.index >= asked.commit,
      "I13",
      () => `${hexId(leader)} answers a read with index ${read.index}, asked for when ${asked.commit} was committed`,
    );
    const { echoed } = this.#reign(leader, term);
    for (const voters of [config.voters, config.votersOutgoing]) {
      if (voters.length === 0) continue;
      let count = 0;
      for (const voter of voters) if (voter === leader || (echoed.get(voter) ?? 0) >= asked.at) count += 1;
      check(
        count > voters.length / 2,
        "I13",
        () =>
          `${hexId(leader)} confirms a read in term ${term} with ${count} of ${voters.map(hexId).join(" ")} heard since`,
      );
    }
  }
}
