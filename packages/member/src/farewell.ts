import { type Clock, type ClusterId, hexId, type Logger, type MemberId, type Timer } from "@quorate/base";
import type { ClusterDirectory } from "./options.ts";

/** A removed member goes on for this long in every case, so that the others learn the new commit index from it. */
const graceMs = 1000;
/** When a quorum of those that remain knows, the others are waited for until then. */
const stragglersMs = 2000;
/** After this time it stops, whatever the others know. */
const stayMs = 60_000;
/** The same for one that was started again after its removal, in election timeouts: enough for an election or two. */
const againElections = 5;
const lookMs = 250;
const askTimeoutMs = 1000;

/** A voter that remains. */
export interface RemainingVoter {
  readonly id: MemberId;
  readonly peerUrls: readonly string[];
}

/** What the farewell needs from the member. */
export interface FarewellHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: ClusterDirectory;
  readonly localId: MemberId;
  readonly clusterId: ClusterId;
  readonly electionMs: number;
  /** The voters that remain, as far as this member knows. */
  voters(): readonly RemainingVoter[];
  /** From now on clients are not served. */
  onRetired(): void;
  /** @param known whether the members that remain are known to know. */
  onOver(known: boolean): void;
}

/**
 * The end of a member that was removed.
 *
 * The removal was committed by a quorum of the members before it, and this member may have been needed for that quorum. If
 * it went before the others know that the removal is committed, and they are no such quorum without it, they could never
 * find out: of two members the one that is left would be stuck for good. So a removed member stays, votes, and tells the
 * commit index, until it has heard from the others that they have put the removal in force. A member does that only once
 * the commit is on its disk, so whoever says so cannot forget it.
 *
 * ```
 *   removed ─ 1 s ─▶ retired: serves no clients ─▶ over, when all voters that remain know; after 2 s a quorum of them is
 *                                                  enough; after 60 s in any case
 * ```
 *
 * Started again, it does the same, for a shorter time: whoever starts it does so again if that was not enough.
 */
export class Farewell {
  readonly #host: FarewellHost;
  #startedMs: number | undefined;
  #stayMs: number = stayMs;
  #voters: readonly RemainingVoter[] = [];
  readonly #known: Set<MemberId> = new Set();
  readonly #asking: Set<MemberId> = new Set();
  #retired = false;
  #over = false;
  #timer: Timer | undefined;

  constructor(host: FarewellHost) {
    this.#host = host;
  }

  /** @param again this member has been started since it was removed. */
  begin(again: boolean): void {
    if (this.#startedMs !== undefined || this.#over) return;
    if (again) this.#stayMs = againElections * this.#host.electionMs;
    this.#startedMs = this.#host.clock.nowMs();
    this.#voters = this.#host.voters();
    this.#look();
  }

  stop(): void {
    this.#over = true;
    this.#timer?.cancel();
  }

  readonly #look = (): void => {
    if (this.#over) return;
    const { clock, logger } = this.#host;
    const elapsedMs = clock.nowMs() - (this.#startedMs ?? 0);
    if (elapsedMs >= graceMs && !this.#retired) {
      this.#retired = true;
      this.#host.onRetired();
    }
    const known = this.#isKnown(elapsedMs);
    if (known || elapsedMs >= this.#stayMs) {
      this.stop();
      if (!known) {
        logger.log("warn", "stops although the members that remain may not know that it was removed", {
          unknown: this.#unknown().map(({ id }) => hexId(id)),
          advice: "if they find no leader, start this member once more",
        });
      }
      this.#host.onOver(known);
      return;
    }
    for (const voter of this.#unknown()) this.#ask(voter);
    this.#timer = clock.startTimer(lookMs, this.#look);
  };

  #unknown(): RemainingVoter[] {
    return this.#voters.filter(({ id }) => !this.#known.has(id));
  }

  #isKnown(elapsedMs: number): boolean {
    const unknown = this.#unknown().length;
    if (unknown === 0) return elapsedMs >= graceMs;
    const quorum = Math.floor(this.#voters.length / 2) + 1;
    return elapsedMs >= stragglersMs && this.#voters.length - unknown >= quorum;
  }

  /** Asks a voter who the members are. Whoever does not answer, or counts this one in, is asked again. */
  #ask({ id, peerUrls }: RemainingVoter): void {
    if (this.#asking.has(id)) return;
    this.#asking.add(id);
    const { directory, localId, clusterId } = this.#host;
    directory.members(peerUrls, askTimeoutMs).then(
      ({ clusterId: theirs, members }) => {
        this.#asking.delete(id);
        if (theirs !== clusterId || members.length === 0 || members.some((member) => member.id === localId)) return;
        this.#known.add(id);
        // This member may have been cut off for long: who remains is for those to say who know.
        this.#voters = members.filter(({ isLearner }) => !isLearner);
      },
      () => {
        this.#asking.delete(id);
      },
    );
  }
}
