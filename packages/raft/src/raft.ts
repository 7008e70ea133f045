import { hexId, type LogIndex, type LogLevel, type MemberId, noMember, type Term } from "@quorate/base";
import { checkConfig, type RaftConfig } from "./config.ts";
import { type Configuration, describeConfiguration, fromConfState, memberIds, voterIds } from "./configuration.ts";
import { RaftLog } from "./log.ts";
import { type MessageDraft, newMessage } from "./message.ts";
import { ReadOnly, type ReadState } from "./read-only.ts";
import { type InitialState, type Recovered, recover } from "./recovery.ts";
import { Tracker } from "./tracker.ts";
import { type Entry, EntryType, type HardState, type Message, MessageType, newEntry } from "./types.ts";

export type Role = "follower" | "preCandidate" | "candidate" | "leader";

/** A read that came before the leader had committed anything in its term. */
export interface PostponedRead {
  readonly from: MemberId;
  readonly entries: readonly Entry[];
}

/**
 * The state of one member and the transitions between its roles; what messages do to it stands in the modules named
 * after their roles.
 *
 * ```
 *             timeout            quorum of pre-votes       quorum of votes
 *   follower ─────────▶ preCandidate ─────────▶ candidate ─────────▶ leader
 *      ▲                     │                      │                  │
 *      └─────────────────────┴──────────────────────┴──────────────────┘
 *        higher term, a leader of this term, a lost vote, silence of the quorum
 * ```
 */
export class Raft {
  readonly config: RaftConfig;
  readonly id: MemberId;
  readonly log: RaftLog;
  readonly tracker: Tracker;
  readonly readOnly: ReadOnly = new ReadOnly();
  /** The hard state that was found on disk. */
  readonly durable: HardState;

  term: Term = 0;
  vote: MemberId = noMember;
  role: Role = "follower";
  lead: MemberId = noMember;
  isLearner = false;

  /** The member that leadership is being handed to. */
  leadTransferee: MemberId = noMember;
  /** No change of members may be proposed before this index is applied. */
  pendingConfIndex: LogIndex = 0;
  uncommittedBytes = 0;

  electionElapsed = 0;
  heartbeatElapsed = 0;
  randomizedElectionTimeout = 0;

  /** Messages that may leave at once. */
  messages: Message[] = [];
  /** Messages that promise what is not durable yet. */
  messagesAfterAppend: Message[] = [];
  /** What this member promises to itself, heeded once it is durable. */
  selfMessages: Message[] = [];
  readStates: ReadState[] = [];
  /** A round of heartbeats is due for the reads of this turn. */
  readHeartbeatDue = false;
  postponedReads: PostponedRead[] = [];

  constructor(config: RaftConfig, initial: InitialState) {
    checkConfig(config);
    this.config = config;
    this.id = config.id;
    this.log = new RaftLog(
      initial.snapshotIndex,
      initial.snapshotTerm,
      initial.entries,
      config.committedBytesPerReadyMax,
    );
    this.tracker = new Tracker(config.inflightMessagesMax, config.inflightBytesMax);
    const recovered = recover(initial);
    this.durable = recovered.durable;
    this.setConfiguration(fromConfState(initial.confState), undefined);
    this.term = recovered.hardState.term;
    this.vote = recovered.hardState.vote;
    this.log.commitTo(recovered.hardState.commit);
    this.log.appliedTo(recovered.applied);
    this.becomeFollower(this.term, noMember);
    this.#logStart(recovered);
  }

  #logStart({ hardState, durable }: Recovered): void {
    const { log, tracker } = this;
    if (hardState.commit > durable.commit || hardState.term > durable.term) {
      this.note("warn", "the log proves more than the hard state tells", {
        "commit-from": durable.commit,
        commit: hardState.commit,
        "term-from": durable.term,
        term: hardState.term,
      });
    }
    const peers = voterIds(tracker.configuration).map(hexId).join(",");
    const indexes = `commit: ${log.committed}, applied: ${log.applied}, lastindex: ${log.lastIndex}`;
    this.note("info", `newRaft [peers: [${peers}], term: ${this.term}, ${indexes}, lastterm: ${log.lastTerm}]`);
  }

  /** Logs a line about this member; never called on hot paths. */
  note(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.config.logger.log(level, `${hexId(this.id)} ${message}`, fields);
  }

  hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  /**
   * Puts a configuration in force in the tracker.
   *
   * @param fresh members whose progress starts over; undefined means all.
   */
  setConfiguration(configuration: Configuration, fresh: ReadonlySet<MemberId> | undefined): void {
    this.tracker.switchTo(configuration, fresh ?? new Set(memberIds(configuration)), this.log.lastIndex);
    this.isLearner = configuration.learners.has(this.id);
    this.note("info", `switched to configuration ${describeConfiguration(configuration)}`);
  }

  // ── Messages ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins a message of this term from this member. */
  draft(type: MessageType, to: MemberId): MessageDraft {
    return newMessage(type, to, this.id, this.term);
  }

  /** Sends a message that promises nothing, or nothing that could be lost. */
  send(message: Message): void {
    this.messages.push(message);
  }

  /** Sends a message once everything that was appended before it, term and vote included, is durable. */
  sendAfterAppend(message: Message): void {
    if (message.to === this.id) this.selfMessages.push(message);
    else this.messagesAfterAppend.push(message);
  }

  // ── The log ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Appends entries of this leader's term and promises them to itself.
   *
   * @param entries made with the indexes that follow the last one.
   */
  appendEntries(entries: readonly Entry[]): void {
    this.log.append(entries);
    const ack = this.draft(MessageType.appResp, this.id);
    ack.index = this.log.lastIndex;
    this.sendAfterAppend(ack);
  }

  /**
   * Accounts for proposals of `bytes` payload.
   *
   * @returns false when too much waits for commit already. Empty proposals always pass, and any while none wait.
   */
  maybeTakeUncommitted(bytes: number): boolean {
    const waiting = this.uncommittedBytes;
    if (waiting > 0 && bytes > 0 && waiting + bytes > this.config.uncommittedBytesMax) {
      this.note("warn", "appending new entries to log would exceed uncommitted entry size limit; dropping proposal");
      return false;
    }
    this.uncommittedBytes = waiting + bytes;
    return true;
  }

  /** Entries of an earlier leader were never counted, so the count stops at 0. */
  releaseUncommitted(bytes: number): void {
    this.uncommittedBytes = Math.max(0, this.uncommittedBytes - bytes);
  }

  maybeCommit(): boolean {
    return this.log.maybeCommit(this.tracker.committedIndex(), this.term);
  }

  /** A leader knows what is committed only after it committed something of its own term (§6.4). */
  hasCommittedInTerm(): boolean {
    return this.log.term(this.log.committed) === this.term;
  }

  // ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Tells whether this member may become leader. */
  isPromotable(): boolean {
    const progress = this.tracker.get(this.id);
    return progress !== undefined && !progress.isLearner && this.log.pendingSnapshot === undefined;
  }

  #reset(term: Term): void {
    if (this.term !== term) {
      this.term = term;
      this.vote = noMember;
    }
    this.lead = noMember;
    this.electionElapsed = 0;
    this.heartbeatElapsed = 0;
    const { electionTicks, random } = this.config;
    this.randomizedElectionTimeout = electionTicks + random.below(electionTicks);
    this.leadTransferee = noMember;
    this.tracker.resetVotes();
    const last = this.log.lastIndex;
    for (const progress of this.tracker.members) progress.reset(progress.id === this.id ? last : 0, last + 1);
    this.pendingConfIndex = 0;
    this.uncommittedBytes = 0;
    this.readOnly.reset();
    this.readHeartbeatDue = false;
  }

  becomeFollower(term: Term, lead: MemberId): void {
    this.#reset(term);
    this.lead = lead;
    this.role = "follower";
    this.note("info", `became follower at term ${term}`);
  }

  becomePreCandidate(): void {
    // Neither term nor vote change: a pre-vote disturbs nobody.
    this.tracker.resetVotes();
    this.lead = noMember;
    this.role = "preCandidate";
    this.note("info", `became pre-candidate at term ${this.term}`);
  }

  becomeCandidate(): void {
    this.#reset(this.term + 1);
    this.vote = this.id;
    this.role = "candidate";
    this.note("info", `became candidate at term ${this.term}`);
  }

  becomeLeader(): void {
    this.#reset(this.term);
    this.lead = this.id;
    this.role = "leader";
    const own = this.tracker.get(this.id);
    if (own !== undefined) {
      own.becomeReplicate();
      own.recentActive = true;
    }
    // There may be a change in the part of the log that is not committed yet; to look would cost more than to wait.
    this.pendingConfIndex = this.log.lastIndex;
    this.appendEntries([newEntry(EntryType.normal, this.term, this.log.lastIndex + 1, new Uint8Array(0))]);
    this.note("info", `became leader at term ${this.term}`);
  }
}
