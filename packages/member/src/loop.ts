import { KvError } from "@quorate/api";
import { type Clock, type Logger, type MemberId, noMember } from "@quorate/base";
import {
  type ConfChange,
  type ConfChangeV2,
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
  /** A snapshot is being installed: raft's output waits. */
  #installing = false;
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
    this.#stopped = true;
    this.#p.sink.onFatal(error);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#stopped) return;
    this.#guard(() => {
      this.#propose();
      this.#askReads();
      for (let i = 0; i < readiesPerTurn && !this.#installing && this.#p.node.hasReady(); i++) {
        this.#handle(this.#p.node.ready());
      }
      const more = this.#installing ? false : this.#p.applier.run();
      if (more || (!this.#installing && this.#p.node.hasReady())) this.schedule();
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
    if (ready.messages.length > 0) link.send(this.#outgoing(ready.messages));
    if (ready.snapshot !== undefined) {
      this.#install(ready, ready.snapshot);
      return;
    }
    if (ready.token > 0) writer.append(ready);
    if (ready.committedEntries.length > 0) applier.queue(ready.committedEntries);
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

  #install(ready: Ready, snapshot: Snapshot): void {
    const { writer, applier, sink } = this.#p;
    this.#installing = true;
    const append = async (): Promise<void> => {
      if (ready.token > 0) writer.append(ready);
      await writer.drained();
    };
    sink.installSnapshot(snapshot, append).then(
      () => {
        this.#installing = false;
        if (ready.committedEntries.length > 0) applier.queue(ready.committedEntries);
        this.schedule();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** A batch is durable: its messages leave, and raft counts it. */
  onDurable(token: number, messages: readonly Message[]): void {
    if (this.#stopped) return;
    this.#guard(() => {
      if (messages.length > 0) this.#p.link.send(this.#outgoing(messages));
      this.#p.node.onAppended(token);
    });
    this.schedule();
  }

  applyConfChange(change: ConfChange | ConfChangeV2 | "none"): ReturnType<RawNode["applyConfChange"]> {
    return this.#p.node.applyConfChange(change);
  }
}
