import { type Clock, compareIds, hexId, type Logger, type MemberId, noMember, type Timer } from "@quorate/base";
import type { RawNode } from "@quorate/raft";

/** What an early election needs from the member. */
export interface SuccessionHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: RawNode;
  readonly localId: MemberId;
  readonly heartbeatMs: number;
  /** Whether candidates ask first whether they could win. */
  readonly preVote: boolean;
  schedule(): void;
}

/**
 * Succeeds a leader whose process has ended, without waiting for an election timeout.
 *
 * ```
 *   follows ── nobody listens where the leader was ─▶ has no leader ── when its turn comes ─▶ asks for pre-votes
 *      ▲                                                   │
 *      └────────────── a leader is heard ◀─────────────────┘
 * ```
 *
 * A follower that finds the leader's port closed forgets its leader, so that it also grants votes to others at once. That is
 * safe whatever the reason: nobody wins an election whom a majority does not vote for, and where the others still hear the
 * leader they refuse the pre-vote, and no term is begun. The voters ask in the order of their ids, a heartbeat after each
 * other: were two of them to ask at the same time, both could win, one term after the other. Without pre-votes a mistake would depose a leader that is well;
 * then the election timeout is waited for, as ever.
 */
export class Succession {
  readonly #host: SuccessionHost;
  #timer: Timer | undefined;

  constructor(host: SuccessionHost) {
    this.#host = host;
  }

  /** Nobody listens at any URL of the member `id`. */
  onGone(id: MemberId): void {
    const { clock, logger, node, localId, heartbeatMs, preVote } = this.#host;
    if (!preVote || id === noMember || id === localId || node.lead !== id) return;
    logger.log("info", "the leader is gone; its successor is elected", {
      "local-member-id": hexId(localId),
      "former-leader-member-id": hexId(id),
    });
    node.forgetLeader();
    this.#host.schedule();
    this.#timer?.cancel();
    const { voters, votersOutgoing } = node.status().config;
    const left = [...new Set([...voters, ...votersOutgoing])].filter((voter) => voter !== id).sort(compareIds);
    const place = left.indexOf(localId);
    if (place < 0) return;
    const { term } = node;
    // The first one gives the others time to notice too.
    this.#timer = clock.startTimer(heartbeatMs * (place + 0.1), () => {
      // In a later term somebody else is being elected, perhaps by this member's vote.
      if (node.lead !== noMember || node.role !== "follower" || node.term !== term) return;
      node.campaign();
      this.#host.schedule();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
