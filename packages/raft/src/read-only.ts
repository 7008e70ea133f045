import { emptyBytes, type LogIndex, type MemberId } from "@quorate/base";
import type { Tracker } from "./tracker.ts";
import type { Entry } from "./types.ts";

/** A read that may be served at `index` as soon as the leader is sure that it still led when the read came. */
export interface ReadRequest {
  readonly from: MemberId;
  /** The request's one entry, returned as it came. */
  readonly entries: readonly Entry[];
  readonly index: LogIndex;
}

/** A read that may be served once `index` is applied; `context` is what the reader gave. */
export interface ReadState {
  readonly index: LogIndex;
  readonly context: Uint8Array;
}

/** How many reads may wait for one leader's confirmation or first commit; more are dropped, their readers ask again. */
export const pendingReadsMax = 65_536;

/**
 * The reads that wait for a quorum to confirm the leader (§6.4).
 *
 * Reads are numbered from 1 in each term, in the order in which they came. A heartbeat carries the number of the
 * newest one as 8 bytes, little endian; its echo confirms that read and all before it. So a round of heartbeats
 * confirms any number of reads, and a late echo can never confirm a read that came after it, whatever contexts the
 * readers chose.
 *
 * ```
 *   confirmed        newest
 *   1 2 3 4 5 │ 6 7 8
 *              waiting
 * ```
 */
export class ReadOnly {
  #waiting: ReadRequest[] = [];
  #confirmed = 0;
  readonly #acks: Map<MemberId, number> = new Map();

  /** Forgets all reads: another term begins. */
  reset(): void {
    this.#waiting = [];
    this.#confirmed = 0;
    this.#acks.clear();
  }

  get #newest(): number {
    return this.#confirmed + this.#waiting.length;
  }

  /** Confirms all reads: the leader decides alone by now. */
  takeAll(): readonly ReadRequest[] {
    const all = this.#waiting;
    this.#confirmed += all.length;
    this.#waiting = [];
    return all;
  }

  isFull(): boolean {
    return this.#waiting.length >= pendingReadsMax;
  }

  /** Adds a read; the leader itself confirms it at once. */
  add(request: ReadRequest, self: MemberId): void {
    this.#waiting.push(request);
    this.#acks.set(self, this.#newest);
  }

  /** Returns what a heartbeat must carry: the newest waiting read, empty when none waits. */
  heartbeatContext(): Uint8Array {
    if (this.#waiting.length === 0) return emptyBytes;
    const context = new Uint8Array(8);
    let rest = this.#newest;
    for (let i = 0; rest > 0; i++) {
      context[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return context;
  }

  /**
   * Takes the echo of a heartbeat.
   *
   * @returns the reads that are confirmed by it, in their order.
   */
  onAck(from: MemberId, context: Uint8Array, tracker: Tracker): readonly ReadRequest[] {
    const position = positionOf(context);
    // A number we never gave can only be damaged or forged.
    if (position === 0 || position > this.#newest) return [];
    this.#acks.set(from, Math.max(position, this.#acks.get(from) ?? 0));
    // Nobody may be left in the configuration to ask; then nothing is confirmed.
    const confirmed = Math.min(tracker.quorumPosition(this.#acks), this.#newest);
    if (confirmed <= this.#confirmed) return [];
    const count = confirmed - this.#confirmed;
    this.#confirmed = confirmed;
    return this.#waiting.splice(0, count);
  }
}

/** Returns the number in a heartbeat's echo, 0 when it holds none. */
function positionOf(context: Uint8Array): number {
  if (context.length !== 8) return 0;
  let position = 0;
  for (let i = 7; i >= 0; i--) position = position * 256 + (context[i] as number);
  return position;
}
