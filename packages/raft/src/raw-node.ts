import { invariant, type LogIndex, type MemberId, type Term } from "@quorate/base";
import { encodeConfChange, encodeConfChangeV2 } from "./codec/conf.ts";
import type { RaftConfig } from "./config.ts";
import { campaignAfterTimeout } from "./election.ts";
import { forwardRead } from "./follower.ts";
import { requestRead } from "./leader.ts";
import { applyConfChange, onApplied, onSnapshotApplied } from "./membership.ts";
import { type ProposeResult, propose, proposeChange } from "./proposal.ts";
import { Raft, type Role } from "./raft.ts";
import type { ReadState } from "./read-only.ts";
import type { InitialState } from "./recovery.ts";
import { broadcastHeartbeat } from "./replication.ts";
import { type Status, statusOf } from "./status.ts";
import { step, stepFromNetwork, tick } from "./step.ts";
import {
  type ConfChange,
  type ConfChangeV2,
  type ConfState,
  type Entry,
  EntryType,
  type HardState,
  type Message,
  MessageType,
  newEntry,
  type Snapshot,
} from "./types.ts";

/** Who leads and what this member is: not durable, only told. */
export interface SoftState {
  readonly lead: MemberId;
  readonly role: Role;
}

/**
 * What the driver is to do. Its parts may proceed at the same time, but each kind in the order of the batches:
 *
 * ```
 *   messages ─────────────────────────────▶ send
 *   snapshot, entries, hardState ─▶ disk ─▶ onAppended(token) ─▶ send what it returns
 *   committedEntries ─▶ state machine ────▶ onApplied(index)
 * ```
 *
 * All arrays are handed over, but entries in them are shared with the log and with messages.
 */
export interface Ready {
  /** Set when it changed. */
  readonly softState: SoftState | undefined;
  /** Set when it changed; to be written behind `entries`. */
  readonly hardState: HardState | undefined;
  /** To be appended to the log on disk, where they replace what stands at their indexes and after. */
  readonly entries: readonly Entry[];
  /**
   * To be installed before anything else of this batch and the later ones; the log on disk begins after it. Entries
   * handed out before it that are not applied yet need not be; none of them may be after `onAppended` of this batch.
   */
  readonly snapshot: Snapshot | undefined;
  /** To be applied in order; all of them are durable here. */
  readonly committedEntries: readonly Entry[];
  readonly readStates: readonly ReadState[];
  /** May leave at once, also before anything of this batch is durable. */
  readonly messages: readonly Message[];
  /** Leave only when this batch and all before it are durable; `onAppended` returns the same list. */
  readonly messagesAfterAppend: readonly Message[];
  /** Whether the disk must be synced; otherwise a lost write does no harm, and the batch counts as durable when written. */
  readonly mustSync: boolean;
  /** To be given to `onAppended`, in order; 0 when there is nothing to append and nothing that waits for it. */
  readonly token: number;
}

/** What is promised once a batch is durable. */
interface PendingAppend {
  readonly token: number;
  readonly term: Term;
  /** The end of the log when the batch was handed out; 0 when everything was durable already. */
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly snapshotIndex: LogIndex;
  readonly messages: readonly Message[];
  readonly selfMessages: readonly Message[];
}

/** What became of a read: `accepted` means that an answer may come, not that it will. */
export type ReadIndexResult = "accepted" | "noLeader" | "tooManyReads";

/**
 * One member of a raft group as a pure state machine: inputs are method calls, effects leave through `ready`.
 *
 * Nothing here waits, and nothing throws but for a broken invariant. The order of calls decides everything; the same
 * calls with the same random numbers give the same effects.
 *
 * Source: Raft dissertation; the messages are those of etcd's raft library 3.6 with asynchronous storage writes.
 */
export class RawNode {
  readonly #raft: Raft;
  #softState: SoftState;
  #hardState: HardState;
  #lastToken = 0;
  readonly #appends: PendingAppend[] = [];

  /** @throws CorruptError when the log lacks entries that are known to be committed or applied. */
  constructor(config: RaftConfig, initial: InitialState) {
    this.#raft = new Raft(config, initial);
    this.#softState = { lead: this.#raft.lead, role: this.#raft.role };
    this.#hardState = this.#raft.durable;
  }

  get id(): MemberId {
    return this.#raft.id;
  }

  get lead(): MemberId {
    return this.#raft.lead;
  }

  get role(): Role {
    return this.#raft.role;
  }

  get term(): Term {
    return this.#raft.term;
  }

  get commit(): LogIndex {
    return this.#raft.log.committed;
  }

  get applied(): LogIndex {
    return this.#raft.log.applied;
  }

  get firstIndex(): LogIndex {
    return this.#raft.log.firstIndex;
  }

  get lastIndex(): LogIndex {
    return this.#raft.log.lastIndex;
  }

  /** Returns the term of the entry at `index`, undefined when memory does not hold it any more or yet. */
  termAt(index: LogIndex): Term | undefined {
    return this.#raft.log.term(index);
  }

  status(): Status {
    return statusOf(this.#raft);
  }

  // ── Inputs ────────────────────────────────────────────────────────────────────────────────────────────────────

  tick(): void {
    tick(this.#raft);
  }

  /** Starts an election now, if this member may. */
  campaign(): void {
    campaignAfterTimeout(this.#raft);
  }

  /** Proposes a batch: one entry each, together and in order. The bytes are kept, not copied. */
  propose(data: readonly Uint8Array[]): ProposeResult {
    return propose(this.#raft, data);
  }

  /** Proposes a change of members. It may become an empty entry; the result says so unless it was forwarded. */
  proposeConfChange(change: ConfChange | ConfChangeV2): ProposeResult {
    return "changes" in change
      ? proposeChange(this.#raft, EntryType.confChangeV2, encodeConfChangeV2(change))
      : proposeChange(this.#raft, EntryType.confChange, encodeConfChange(change));
  }

  /** Takes a message from another member. What only a member itself may say is ignored. */
  step(message: Message): void {
    stepFromNetwork(this.#raft, message);
  }

  /**
   * Asks from which index on a read sees everything that was acknowledged before this call. The answer comes as a
   * read state with the same context, or never: ask again with another context then.
   */
  readIndex(context: Uint8Array): ReadIndexResult {
    const raft = this.#raft;
    const entries = [newEntry(EntryType.normal, 0, 0, context)];
    if (raft.role === "leader") return requestRead(raft, raft.id, entries) ? "accepted" : "tooManyReads";
    return forwardRead(raft, raft.id, entries) ? "accepted" : "noLeader";
  }

  /** Asks the leader, which may be this member, to hand over to a voter. */
  transferLeader(to: MemberId): void {
    this.#report(MessageType.transferLeader, to, false);
  }

  /** A message to this member was probably lost. */
  reportUnreachable(id: MemberId): void {
    this.#report(MessageType.unreachable, id, false);
  }

  /** A snapshot reached this member, or did not. Without this word, for each snapshot that was sent, the member gets nothing more. */
  reportSnapshot(id: MemberId, ok: boolean): void {
    this.#report(MessageType.snapStatus, id, !ok);
  }

  /** A follower forgets its leader, so that it grants votes before the lease ends. */
  forgetLeader(): void {
    this.#report(MessageType.forgetLeader, this.#raft.id, false);
  }

  #report(type: MessageType, from: MemberId, reject: boolean): void {
    const message = this.#raft.draft(type, this.#raft.id);
    message.from = from;
    message.term = 0;
    message.reject = reject;
    step(this.#raft, message);
  }

  // ── Effects ───────────────────────────────────────────────────────────────────────────────────────────────────

  #softStateChanged(): boolean {
    return this.#softState.role !== this.#raft.role || this.#softState.lead !== this.#raft.lead;
  }

  #hardStateChanged(): boolean {
    const { term, vote, commit } = this.#hardState;
    const raft = this.#raft;
    return commit !== raft.log.committed || term !== raft.term || vote !== raft.vote;
  }

  #hasSnapshot(): boolean {
    const { log } = this.#raft;
    return log.pendingSnapshot !== undefined && !log.snapshotInProgress;
  }

  /** Tells whether `ready` would hand out anything. */
  hasReady(): boolean {
    const raft = this.#raft;
    return (
      raft.messages.length > 0 ||
      raft.readHeartbeatDue ||
      raft.messagesAfterAppend.length > 0 ||
      raft.selfMessages.length > 0 ||
      raft.log.hasEntriesToAppend() ||
      raft.log.hasCommittedEntries() ||
      raft.readStates.length > 0 ||
      this.#hardStateChanged() ||
      this.#softStateChanged() ||
      this.#hasSnapshot()
    );
  }

  /** Hands out what is to be done and counts it as being done: several batches may be on their way. */
  ready(): Ready {
    const raft = this.#raft;
    if (raft.readHeartbeatDue) broadcastHeartbeat(raft);
    const snapshot = this.#hasSnapshot() ? raft.log.pendingSnapshot : undefined;
    const committedEntries = raft.log.takeCommittedEntries();
    const entries = raft.log.takeEntriesToAppend();
    const previous = this.#hardState;
    const hardState = this.#hardStateChanged() ? raft.hardState() : undefined;
    if (hardState !== undefined) this.#hardState = hardState;
    const softState = this.#softStateChanged() ? { lead: raft.lead, role: raft.role } : undefined;
    if (softState !== undefined) this.#softState = softState;
    const { messages, messagesAfterAppend, selfMessages, readStates } = raft;
    if (messages.length > 0) raft.messages = [];
    if (readStates.length > 0) raft.readStates = [];
    const appends = entries.length > 0 || hardState !== undefined || snapshot !== undefined;
    let token = 0;
    if (appends || messagesAfterAppend.length > 0 || selfMessages.length > 0) {
      raft.messagesAfterAppend = [];
      raft.selfMessages = [];
      token = this.#expectAppend(snapshot, messagesAfterAppend, selfMessages);
    }
    return {
      softState,
      hardState,
      entries,
      snapshot,
      committedEntries,
      readStates,
      messages,
      messagesAfterAppend,
      mustSync: entries.length > 0 || raft.term !== previous.term || raft.vote !== previous.vote,
      token,
    };
  }

  #expectAppend(
    snapshot: Snapshot | undefined,
    messages: readonly Message[],
    selfMessages: readonly Message[],
  ): number {
    const { term, log } = this.#raft;
    this.#lastToken += 1;
    // Also what earlier batches appended is confirmed by this one: a change of term in between voids their word.
    this.#appends.push({
      token: this.#lastToken,
      term,
      lastIndex: log.hasUnstableEntries() ? log.lastIndex : 0,
      lastTerm: log.lastTerm,
      snapshotIndex: snapshot?.metadata.index ?? 0,
      messages,
      selfMessages,
    });
    return this.#lastToken;
  }

  /**
   * The batch with this token is durable, its snapshot included; tokens come in the order of the batches.
   *
   * @returns the messages that waited for it, for the driver to send: `messagesAfterAppend` of the same batch.
   */
  onAppended(token: number): readonly Message[] {
    const raft = this.#raft;
    const append = this.#appends.shift();
    invariant(append !== undefined && append.token === token, "batches became durable out of order", () => ({
      token,
      expected: append?.token,
    }));
    for (const message of append.selfMessages) step(raft, message);
    // In a later term other entries may stand at the same indexes; a batch of that term will speak for them.
    if (append.lastIndex > 0 && append.term === raft.term) raft.log.stableTo(append.lastIndex, append.lastTerm);
    // A snapshot holds what is committed, which no term changes.
    if (append.snapshotIndex > 0) onSnapshotApplied(raft, append.snapshotIndex);
    return append.messages;
  }

  /** Everything up to `index` was applied, and the changes of members in it were given to `applyConfChange`. */
  onApplied(index: LogIndex): void {
    onApplied(this.#raft, index);
  }

  /**
   * Puts a change of members in force; called when its entry is applied, before `onApplied` of its index.
   *
   * @param change "none" when the state machine found the change void.
   * @returns the configuration now in force.
   */
  applyConfChange(change: ConfChange | ConfChangeV2 | "none"): ConfState {
    return applyConfChange(this.#raft, change);
  }

  /** Drops entries up to `index`, all of them applied, from memory. */
  compact(index: LogIndex): void {
    this.#raft.log.compact(index);
  }
}
