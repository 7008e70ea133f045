import { type LogIndex, type MemberId } from "@quorate/base";
import { type Configuration, memberIds } from "./configuration.ts";
import { Inflights } from "./inflights.ts";
import { Progress } from "./progress.ts";
import { jointVote, majorityIndex, majorityVote, type VoteResult } from "./quorum.ts";

/** How a poll stands. */
export interface Tally {
  readonly granted: number;
  readonly rejected: number;
  readonly result: VoteResult;
}

const emptyConfiguration: Configuration = {
  voters: new Set(),
  outgoing: new Set(),
  learners: new Set(),
  learnersNext: new Set(),
  autoLeave: false,
};

/** The configuration in force, with the progress of each member and the votes of the running election. */
export class Tracker {
  configuration: Configuration = emptyConfiguration;
  /** Everybody, in order of ids: the order of all broadcasts. */
  members: readonly Progress[] = [];
  readonly #byId: Map<MemberId, Progress> = new Map();
  /** The progress of the voters of each half, so that counting needs no lookups. */
  #voters: readonly Progress[] = [];
  #outgoing: readonly Progress[] = [];
  readonly #votes: Map<MemberId, boolean> = new Map();
  readonly #inflightMessagesMax: number;
  readonly #inflightBytesMax: number;
  /** Reused for each count. */
  readonly #acked: number[] = [];

  constructor(inflightMessagesMax: number, inflightBytesMax: number) {
    this.#inflightMessagesMax = inflightMessagesMax;
    this.#inflightBytesMax = inflightBytesMax;
  }

  get(id: MemberId): Progress | undefined {
    return this.#byId.get(id);
  }

  /**
   * Puts a configuration in force. Members that stay keep their progress.
   *
   * @param fresh members that start over although they may have been there before.
   * @param lastIndex end of the log; new members are probed from there.
   */
  switchTo(configuration: Configuration, fresh: ReadonlySet<MemberId>, lastIndex: LogIndex): void {
    const members: Progress[] = [];
    for (const id of memberIds(configuration)) {
      const known = fresh.has(id) ? undefined : this.#byId.get(id);
      const progress = known ?? this.#newProgress(id, lastIndex);
      progress.isLearner = configuration.learners.has(id);
      members.push(progress);
    }
    this.configuration = configuration;
    this.members = members;
    this.#byId.clear();
    for (const progress of members) this.#byId.set(progress.id, progress);
    this.#voters = members.filter((progress) => configuration.voters.has(progress.id));
    this.#outgoing = members.filter((progress) => configuration.outgoing.has(progress.id));
  }

  #newProgress(id: MemberId, lastIndex: LogIndex): Progress {
    const inflights = new Inflights(this.#inflightMessagesMax, this.#inflightBytesMax);
    const progress = new Progress(id, Math.max(lastIndex, 1), false, inflights);
    // Otherwise the next quorum check could depose the leader before the newcomer had a chance to answer.
    progress.recentActive = true;
    return progress;
  }

  /** Tells whether `id` decides alone: a leader that was removed may leave one voter behind, and that is not itself. */
  isOnlyVoter(id: MemberId): boolean {
    return this.#voters.length === 1 && this.#outgoing.length === 0 && this.#voters[0]?.id === id;
  }

  /** Returns the highest index that is durable on a quorum. */
  committedIndex(): LogIndex {
    const committed = this.#majorityMatch(this.#voters);
    return this.#outgoing.length === 0 ? committed : Math.min(committed, this.#majorityMatch(this.#outgoing));
  }

  #majorityMatch(voters: readonly Progress[]): LogIndex {
    const acked = this.#acked;
    acked.length = voters.length;
    for (let i = 0; i < voters.length; i++) acked[i] = (voters[i] as Progress).match;
    return majorityIndex(acked);
  }

  /** Returns the highest of the positions in `acks` that a quorum has reached; a member that is missing is at 0. */
  quorumPosition(acks: ReadonlyMap<MemberId, number>): number {
    const of = (voters: readonly Progress[]): number =>
      majorityIndex(voters.map((progress) => acks.get(progress.id) ?? 0));
    return Math.min(of(this.#voters), of(this.#outgoing));
  }

  /** Tells whether a quorum has been heard from since the last check. */
  quorumActive(): boolean {
    const of = (voters: readonly Progress[]): VoteResult => {
      let active = 0;
      let silent = 0;
      for (const progress of voters) {
        if (progress.recentActive) active += 1;
        else silent += 1;
      }
      return majorityVote(voters.length, active, silent);
    };
    return jointVote(of(this.#voters), of(this.#outgoing)) === "won";
  }

  resetVotes(): void {
    this.#votes.clear();
  }

  /** Notes a vote; only the first of each member counts. */
  recordVote(id: MemberId, granted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, granted);
  }

  tallyVotes(): Tally {
    let granted = 0;
    let rejected = 0;
    for (const progress of this.members) {
      if (progress.isLearner) continue;
      const vote = this.#votes.get(progress.id);
      if (vote === true) granted += 1;
      else if (vote === false) rejected += 1;
    }
    const result = jointVote(this.#voteOf(this.#voters), this.#voteOf(this.#outgoing));
    return { granted, rejected, result };
  }

  #voteOf(voters: readonly Progress[]): VoteResult {
    let granted = 0;
    let rejected = 0;
    for (const progress of voters) {
      const vote = this.#votes.get(progress.id);
      if (vote === true) granted += 1;
      else if (vote === false) rejected += 1;
    }
    return majorityVote(voters.length, granted, rejected);
  }
}
