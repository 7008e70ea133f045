import { KvError } from "@quorate/api";
import { AbortError, type Clock, type Logger, type MemberId, noMember } from "@quorate/base";
import {
  type ConfChange,
  type ConfChangeV2,
  type Entry,
  EntryType,
  type Message,
  MessageType,
  type RawNode,
  type Ready,
  type Snapshot,
} from "@quorate/raft";
import type { Outcome } from "@quorate/state";
import type { Applier } from "./applier.ts";
import type { LogWriter } from "./log-writer.ts";
import type { PeerLink } from "./options.ts";
import type { Reads } from "./reads.ts";
import type { Waiters } from "./waiters.ts";

/** What the loop tells the member that owns it. */
export interface LoopSink {
  onLeadChanged(lead: MemberId): void;
  /** Installs a snapshot: its raft part is to be saved before `append` is called, its database after that is durable. */
  installSnapshot(snapshot: Snapshot, append: () => Promise<void>): Promise<void>;
  /** Sends the database with a snapshot message. */
  sendSnapshot(message: Message): void;
  isRemoved(id: MemberId): boolean;
  /** Something broke that nobody can carry on from. */
  onFatal(error: unknown): void;
}

/** The parts that the loop drives. */
export interface LoopParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: RawNode;
  readonly writer: LogWriter;
  readonly applier: Applier;
  readonly proposals: Waiters<Outcome>;
  readonly reads: Reads;
  readonly link: PeerLink;
  /** For how long proposals are held back while the leader cannot be reached. */
  readonly holdMs: number;
  readonly sink: LoopSink;
}

/**
 * A snapshot on its way into the state:
 *
 * ```
 *   recording: its raft part is being saved; raft's output waits, since what follows goes behind it in the log
 *   replacing: the database changes; raft goes on, but nothing is applied, and what the batch of the snapshot and later
 *              ones promise is held back
 * ```
 */
interface Install {
  /** Raft's output waits. */
  recording: boolean;
  /** Of the batch that brought the snapshot. */
  readonly token: number;
  /** Batches that are durable but wait for the database. */
  readonly held: { readonly token: number; readonly messages: readonly Message[] }[];
  /** The batch with the snapshot is durable. */
  onDurable: () => void;
  onStopped: (error: Error) => void;
  /** Begins with a newer snapshot that came meanwhile. */
  next: (() => void) | undefined;
}

const isConfChange = (entry: Entry): boolean => entry.type !== EntryType.normal;

/**
 * Lets a candidate ask for votes when its term and its own vote are durable. Two others may elect it without that vote;
 * after a power cut it would ask in the same term again, and whoever voted for it then does so again: it would lead twice
 * in one term, with other entries.
 */
function holdVotes(ready: Ready): Ready {
  if (ready.token === 0 || !ready.messages.some(({ type }) => type === MessageType.vote)) return ready;
  const messages = ready.messages.filter(({ type }) => type !== MessageType.vote);
  const votes = ready.messages.filter(({ type }) => type === MessageType.vote);
  return { ...ready, messages, messagesAfterAppend: [...votes, ...ready.messagesAfterAppend] };
}

/** At most so many batches of raft's output are handled in one turn. */
const readiesPerTurn = 8;

/**
 * The one loop that owns a member's raft state. Inputs mark that there is something to do; a turn later all of them
 * are handled as one batch.
 */
export class Loop {
  readonly #p: LoopParts;
  #scheduled = false;
  #stopped = false;
  /** The snapshot that is being installed, if any. */
  #install: Install | undefined;
  #lead: MemberId = noMember;

  constructor(parts: LoopParts) {
    this.#p = parts;
  }

  get lead(): MemberId {
    return this.#lead;
  }

  /** Asks for a turn. Cheap when one is already due. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#p.clock.nextTurn(this.#turn);
  }

  stop(): void {
    this.#stopped = true;
    this.#install?.onStopped(new AbortError("the member was stopped"));
  }

  tick(): void {
    if (this.#stopped) return;
    this.#guard(() => this.#p.node.tick());
    this.schedule();
  }

  step(message: Message): void {
    if (this.#stopped) return;
    this.#guard(() => this.#p.node.step(message));
    this.schedule();
  }

  /** Runs `action` on the node; what it throws stops the member. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.stop();
    this.#p.sink.onFatal(error);
  }

  /** Raft's output waits while a snapshot is being put into the log. */
  #hasReady(): boolean {
    return this.#install?.recording !== true && this.#p.node.hasReady();
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#stopped) return;
    this.#guard(() => {
      this.#propose();
      this.#askReads();
      for (let i = 0; i < readiesPerTurn && this.#hasReady(); i++) this.#handle(this.#p.node.ready());
      const more = this.#install === undefined && this.#p.applier.run();
      if (more || this.#hasReady()) this.schedule();
    });
  };

  #propose(): void {
    const { proposals, node } = this.#p;
    // Without a leader they wait until there is one, or until their time is over.
    if (proposals.queuedCount === 0 || node.lead === noMember || this.#leaderIsOutOfReach()) return;
    const result = node.propose(proposals.queuedData());
    if (result.kind === "accepted") {
      proposals.markProposed(node.term);
      return;
    }
    if (result.reason !== "noLeader") proposals.failQueued(new KvError("raftProposalDropped"));
  }

  /** What is forwarded to a leader that has just died would be lost: it waits for the next leader, for a while. */
  #leaderIsOutOfReach(): boolean {
    const { node, link, proposals, holdMs } = this.#p;
    return node.lead !== node.id && link.activeSince(node.lead) === 0 && proposals.queuedForMs() < holdMs;
  }

  #askReads(): void {
    this.#p.reads.ask(this.#lead, (context) => this.#p.node.readIndex(context));
  }

  #handle(ready: Ready): void {
    const { link, reads, applier, writer } = this.#p;
    if (ready.softState !== undefined && ready.softState.lead !== this.#lead) {
      this.#lead = ready.softState.lead;
      reads.onLeadChanged(this.#lead);
      this.#p.sink.onLeadChanged(this.#lead);
      this.schedule();
    }
    if (ready.readStates.length > 0) {
      reads.onConfirmed(ready.readStates, applier.applied);
      if (reads.wantsToAsk) this.schedule();
    }
    const output = holdVotes(ready);
    if (output.messages.length > 0) link.send(this.#outgoing(output.messages));
    if (ready.snapshot !== undefined) {
      this.#beginInstall(output, ready.snapshot);
      return;
    }
    if (ready.token > 0) writer.append(output);
    if (ready.committedEntries.length === 0) return;
    applier.queue(ready.committedEntries);
    if (ready.committedEntries.some(isConfChange)) this.#holdUntilCommitIsDurable();
  }

  /**
   * Whoever acts upon a change of members must not forget that it is committed: a member that was removed goes when the
   * others have acted, and they may be no quorum of the old configuration without it.
   */
  #holdUntilCommitIsDurable(): void {
    const { applier, writer } = this.#p;
    applier.pause();
    writer.whenSynced(() => {
      applier.resume();
      this.schedule();
    });
  }

  /** Messages as they may leave: none to members that are gone, and snapshots by their own way. */
  #outgoing(messages: readonly Message[]): readonly Message[] {
    const { sink } = this.#p;
    let plain = true;
    for (const message of messages) {
      if (message.type === MessageType.snap || sink.isRemoved(message.to)) plain = false;
    }
    if (plain) return messages;
    const left: Message[] = [];
    for (const message of messages) {
      if (sink.isRemoved(message.to)) continue;
      if (message.type === MessageType.snap) sink.sendSnapshot(message);
      else left.push(message);
    }
    return left;
  }

  #beginInstall(ready: Ready, snapshot: Snapshot): void {
    const { writer, applier, reads, sink } = this.#p;
    if (this.#install !== undefined) {
      this.#install.recording = true;
      this.#install.next = () => this.#beginInstall(ready, snapshot);
      return;
    }
    const install: Install = {
      recording: true,
      token: ready.token,
      held: [],
      onDurable: () => undefined,
      onStopped: () => undefined,
      next: undefined,
    };
    this.#install = install;
    const append = async (): Promise<void> => {
      if (this.#stopped) throw new AbortError("the member was stopped");
      // The commit index of the snapshot must be on disk too before the database is replaced: without it the record of
      // the snapshot does not count, and the database would be ahead of the log.
      writer.append({ ...ready, mustSync: true });
      const durable = new Promise<void>((resolve, reject) => {
        install.onDurable = resolve;
        install.onStopped = reject;
      });
      install.recording = install.next !== undefined;
      this.schedule();
      await durable;
    };
    sink.installSnapshot(snapshot, append).then(
      () => {
        if (this.#stopped) return;
        this.#install = undefined;
        this.#guard(() => {
          reads.onApplied(applier.applied);
          for (const { token, messages } of install.held) this.#release(token, messages);
          install.next?.();
        });
        this.schedule();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** A batch is durable: its messages leave, and raft counts it. */
  onDurable(token: number, messages: readonly Message[]): void {
    if (this.#stopped) return;
    const install = this.#install;
    if (install !== undefined && token >= install.token) {
      install.held.push({ token, messages });
      if (token === install.token) install.onDurable();
      return;
    }
    this.#guard(() => this.#release(token, messages));
    this.schedule();
  }

  #release(token: number, messages: readonly Message[]): void {
    if (messages.length > 0) this.#p.link.send(this.#outgoing(messages));
    this.#p.node.onAppended(token);
  }

  applyConfChange(change: ConfChange | ConfChangeV2 | "none"): ReturnType<RawNode["applyConfChange"]> {
    return this.#p.node.applyConfChange(change);
  }
}
