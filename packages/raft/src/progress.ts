import { type LogIndex, type MemberId, unreachable } from "@quorate/base";
import { Inflights } from "./inflights.ts";

/**
 * How the leader feeds one member.
 *
 * ```
 *            ack                       needed entries are compacted
 *   probe ─────────▶ replicate          probe, replicate ─────▶ snapshot
 *     ▲                  │                                         │
 *     └──────────────────┘                                         │
 *      reject, unreachable     ◀───────────────────────────────────┘
 *                               snapshot sent or failed, or an ack that reaches the log
 * ```
 *
 * - `probe`: one append at a time, until the member says where its log ends.
 * - `replicate`: appends stream through the inflight window.
 * - `snapshot`: nothing is sent until the snapshot's fate is known.
 */
export type ProgressState = "probe" | "replicate" | "snapshot";

/** What the leader believes of one member's log. `match` is known, `next` is optimistic; match < next always. */
export class Progress {
  readonly id: MemberId;
  readonly inflights: Inflights;
  match: LogIndex = 0;
  next: LogIndex;
  /** The highest commit index that went out to this member, so that it is not told twice. */
  sentCommit: LogIndex = 0;
  state: ProgressState = "probe";
  /** In state `snapshot`, the index of the one that was sent. */
  pendingSnapshot: LogIndex = 0;
  /** Heard from since the last quorum check. */
  recentActive = false;
  /** No append may leave: in `probe` one is out, in `replicate` the window is full. */
  flowPaused = false;
  isLearner: boolean;
  /** How often this member said that it lost entries it had acknowledged, since the leader took office. */
  regressions = 0;

  constructor(id: MemberId, next: LogIndex, isLearner: boolean, inflights: Inflights) {
    this.id = id;
    this.next = next;
    this.isLearner = isLearner;
    this.inflights = inflights;
  }

  /** Starts over for a new term. */
  reset(match: LogIndex, next: LogIndex): void {
    this.match = match;
    this.next = next;
    this.sentCommit = 0;
    this.recentActive = false;
    this.regressions = 0;
    this.#enter("probe");
  }

  #enter(state: ProgressState): void {
    this.flowPaused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }

  becomeProbe(): void {
    // After a snapshot the probe starts behind it, even when the acknowledgement is still on its way.
    const after = this.state === "snapshot" ? Math.max(this.match, this.pendingSnapshot) : this.match;
    this.#enter("probe");
    this.next = after + 1;
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
  }

  becomeReplicate(): void {
    this.#enter("replicate");
    this.next = this.match + 1;
  }

  becomeSnapshot(index: LogIndex): void {
    this.#enter("snapshot");
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** Accounts for an append with `count` entries of `bytes` payload that has just been sent. */
  onSentEntries(count: number, bytes: number): void {
    if (this.state === "replicate") {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, bytes);
      }
      this.flowPaused = this.inflights.isFull();
    } else if (count > 0) {
      this.flowPaused = true;
    }
  }

  /** Tells whether an empty append with this commit index would tell the member something it can use. */
  canBumpCommit(commit: LogIndex): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /**
   * Takes an acknowledgement of everything up to `index`.
   *
   * @returns false when it says nothing new.
   */
  maybeUpdate(index: LogIndex): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.flowPaused = false;
    return true;
  }

  /**
   * Takes the refusal of an append whose previous entry was at `rejected`, and moves `next` back.
   *
   * @param matchHint where the logs may agree at best.
   * @returns false when the refusal is stale.
   */
  maybeDecrTo({ rejected, matchHint }: { readonly rejected: LogIndex; readonly matchHint: LogIndex }): boolean {
    if (this.state === "replicate") {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
    } else {
      // Only one probe is out: a refusal of anything else is an old one.
      if (this.next - 1 !== rejected) return false;
      // So is one of what it has acknowledged, unless it lost that. A heartbeat brings this to light, once it is committed.
      if (rejected === this.match) return false;
      this.next = Math.max(Math.min(rejected, matchHint + 1), this.match + 1);
      this.flowPaused = false;
    }
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    return true;
  }

  /** The member has lost entries it had acknowledged: nothing is known of its log, probe from `matchHint` on. */
  regressTo(matchHint: LogIndex): void {
    this.regressions += 1;
    this.match = 0;
    this.#enter("probe");
    this.next = matchHint + 1;
    this.sentCommit = 0;
  }

  isPaused(): boolean {
    switch (this.state) {
      case "probe":
      case "replicate":
        return this.flowPaused;
      case "snapshot":
        return true;
      default:
        return unreachable(this.state);
    }
  }
}
