import type { LogIndex, MemberId, Term } from "@quorate/base";
import { RawNode } from "@quorate/raft";
import type { MembershipEffect, Outcome } from "@quorate/state";
import { Applier } from "./applier.ts";
import { MembershipChanges } from "./changes.ts";
import { Duties } from "./duties.ts";
import { RequestIds } from "./identity.ts";
import { Leadership } from "./leadership.ts";
import { LogWriter } from "./log-writer.ts";
import { Loop } from "./loop.ts";
import type { MemberOptions, MemberPorts, PeerLink } from "./options.ts";
import { raftConfig } from "./raft-config.ts";
import { Reads } from "./reads.ts";
import { Snapshots } from "./snapshots.ts";
import type { Storage } from "./storage.ts";
import { Succession } from "./succession.ts";
import { type Waiter, Waiters } from "./waiters.ts";

/** What the parts of a member are made of. */
export interface PartsWorld {
  readonly options: MemberOptions;
  readonly ports: MemberPorts;
  readonly storage: Storage;
  readonly link: PeerLink;
  readonly requestTimeoutMs: number;
}

/** What the parts tell the member that owns them, and ask of it. */
export interface PartsOwner {
  onMembershipEffect(effect: MembershipEffect): void;
  onApplied(index: LogIndex): void;
  onLeaderEntry(term: Term): void;
  onLeadChanged(lead: MemberId): void;
  /** A received snapshot replaced the state; proposals up to the serial `swallowed` may be in it. */
  onStateReplaced(swallowed: number): void;
  onFatal(error: unknown): void;
  propose(kind: number, body: Uint8Array, waiter: Waiter<Outcome>): void;
  proposeRaw(serial: number, data: Uint8Array, waiter: Waiter<Outcome>): void;
}

/** The parts of one member, made and joined to each other. Nothing runs before the loop is asked for a turn. */
export class Parts {
  readonly node: RawNode;
  readonly ids: RequestIds;
  readonly proposals: Waiters<Outcome>;
  readonly reads: Reads;
  readonly writer: LogWriter;
  readonly applier: Applier;
  readonly snapshots: Snapshots;
  readonly changes: MembershipChanges;
  readonly duties: Duties;
  readonly leadership: Leadership;
  readonly succession: Succession;
  readonly loop: Loop;

  constructor(world: PartsWorld, owner: PartsOwner) {
    const { options, ports, storage, link, requestTimeoutMs } = world;
    const { clock, logger, directory } = ports;
    const localId = storage.memberId;
    const membership = () => storage.machine.membership;
    const lead = () => this.loop.lead;
    const schedule = () => this.loop.schedule();
    this.ids = new RequestIds(localId, clock.wallMs());
    this.proposals = new Waiters(clock, this.ids, requestTimeoutMs);
    this.reads = new Reads(clock, this.ids, requestTimeoutMs);
    this.node = new RawNode(
      raftConfig(options, localId, ports, () => this.snapshots.forFollower()),
      storage.initial,
    );
    const { ids, node, proposals, reads } = this;
    this.writer = new LogWriter(
      storage.wal,
      {
        onDurable: (token, messages) => this.loop.onDurable(token, messages),
        onSynced: (ms) => ports.observer?.onWalSync?.(ms),
        onFailure: (error) => owner.onFatal(error),
      },
      () => clock.nowMs(),
    );
    this.changes = new MembershipChanges({
      clock,
      logger,
      ids,
      node,
      link,
      directory,
      localId,
      strict: options.strictReconfigCheck,
      requestTimeoutMs,
      membership,
      lead,
      schedule,
    });
    this.applier = this.#makeApplier(world, owner);
    this.snapshots = new Snapshots({
      options,
      ports,
      storage,
      node,
      applier: this.applier,
      link,
      lastProposed: () => this.proposals.lastProposed,
      onReplaced: (swallowed) => owner.onStateReplaced(swallowed),
      schedule,
      onFault: (error) => owner.onFatal(error),
    });
    this.leadership = new Leadership({
      clock,
      logger,
      node,
      link,
      localId,
      electionMs: options.electionMs,
      membership,
      lead,
      schedule,
    });
    this.succession = new Succession({
      clock,
      logger,
      node,
      localId,
      heartbeatMs: options.heartbeatMs,
      preVote: options.preVote,
      schedule,
    });
    this.duties = new Duties({
      clock,
      logger,
      options,
      directory,
      ids,
      localId,
      clusterId: storage.clusterId,
      requestTimeoutMs,
      membership,
      isLeader: () => lead() === localId,
      whenLed: () => this.leadership.whenLed(),
      propose: (kind, body, waiter) => owner.propose(kind, body, waiter),
      proposeRaw: (serial, data, waiter) => owner.proposeRaw(serial, data, waiter),
    });
    this.loop = new Loop({
      clock,
      logger,
      node,
      writer: this.writer,
      applier: this.applier,
      proposals,
      reads,
      link,
      holdMs: 2 * options.electionMs,
      sink: {
        onLeadChanged: (changed) => owner.onLeadChanged(changed),
        installSnapshot: (snapshot, append) => this.snapshots.install(snapshot, append),
        sendSnapshot: (message) => this.snapshots.send(message),
        isRemoved: (id) => membership().isRemoved(id),
        onFatal: (error) => owner.onFatal(error),
      },
    });
  }

  #makeApplier({ ports, storage }: PartsWorld, owner: PartsOwner): Applier {
    return new Applier(
      ports.clock,
      ports.logger,
      {
        takeWaiter: (origin, serial) => this.proposals.take(origin, serial),
        takeChangeWaiter: (id) => this.changes.take(id),
        applyConfChange: (change) => this.node.applyConfChange(change),
        onMembershipEffect: (effect) => owner.onMembershipEffect(effect),
        isHeld: () => storage.backend.isOverfull,
        onApplied: (index) => owner.onApplied(index),
        onBroken: (error) => storage.condemn(error),
        onLeaderEntry: (term) => owner.onLeaderEntry(term),
      },
      storage.machine,
      storage.initial.applied,
      storage.appliedTerm,
    );
  }
}
