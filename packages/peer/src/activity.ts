import { type Clock, hexId, type Logger, type MemberId } from "@quorate/base";

/**
 * Whether a peer can be reached, as etcd counts it: one record per peer, shared by its streams in both
 * directions, its pipeline and its snapshot sender.
 *
 * ```
 * inactive --(stream attached, dial or post succeeded)--> active since now
 * active   --(write, dial, read or post failed)---------> inactive
 * ```
 */
export class PeerActivity {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #peerId: MemberId;
  #sinceMs = 0;

  constructor(clock: Clock, logger: Logger, peerId: MemberId) {
    this.#clock = clock;
    this.#logger = logger;
    this.#peerId = peerId;
  }

  /** When the peer became active on the clock's scale; 0 while it is inactive. */
  sinceMs(): number {
    return this.#sinceMs;
  }

  activate(): void {
    if (this.#sinceMs !== 0) return;
    // A clock may start at 0, which here would read as "inactive".
    this.#sinceMs = Math.max(this.#clock.nowMs(), Number.MIN_VALUE);
    this.#logger.log("info", "peer became active", { "peer-id": hexId(this.#peerId) });
  }

  /** @param action what was being done, for the operator. */
  deactivate(action: string, cause: unknown): void {
    if (this.#sinceMs === 0) return;
    this.#sinceMs = 0;
    this.#logger.log("warn", "peer became inactive (message send to peer failed)", {
      "peer-id": hexId(this.#peerId),
      error: `${action}: ${messageOf(cause)}`,
    });
  }
}

/** The text of anything thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
