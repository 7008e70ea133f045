import { KvError, type KvErrorCode } from "@quorate/api";
import { type ClusterId, hexId, type LogIndex, type MemberId, noMember, type Term, type Timer } from "@quorate/base";
import { type Message, RawNode, type Snapshot, type Status } from "@quorate/raft";
import {
  encodeRaftRequest,
  memberJson,
  type MembershipEffect,
  type Outcome,
  reportedVersion,
  type StateMachine,
} from "@quorate/state";
import { Applier } from "./applier.ts";
import { MembershipChanges } from "./changes.ts";
import { Duties } from "./duties.ts";
import { RequestIds } from "./identity.ts";
import { Leadership } from "./leadership.ts";
import { LogWriter } from "./log-writer.ts";
import { Loop } from "./loop.ts";
import type { MemberOptions, MemberPorts, PeerLink } from "./options.ts";
import { isOnlyVoter, raftConfig } from "./raft-config.ts";
import { Reads, type ReadWaiter } from "./reads.ts";
import { Snapshots } from "./snapshots.ts";
import type { Storage } from "./storage.ts";
import { type Waiter, Waiters } from "./waiters.ts";

/** Why a member stopped by itself. */
export type StopReason = { readonly kind: "removed" } | { readonly kind: "fatal"; readonly error: unknown };

/** Who asks: identity that the request carries through the log. */
export interface Requester {
  readonly username: string;
  readonly authRevision: number;
}

const nobody: Requester = { username: "", authRevision: 0 };
/** Requests are refused while so many committed entries wait to be applied. */
const applyGapMax = 5000;
/** Bytes of proposals without an outcome; beyond it further ones are refused. */
const proposalBytesMax = 256 * 1024 * 1024;
/** Linearizable reads that wait for the next read index. */
const readsMax = 100_000;
/** A removed member goes on for this long, so that the others learn the new commit index from it. */
const removedGraceMs = 1000;

/** One member of a cluster, without a wire: raft, log, state, and the rules about who belongs. */
export class Member {
  readonly id: MemberId;
  readonly clusterId: ClusterId;
  readonly options: MemberOptions;
  readonly changes: MembershipChanges;
  readonly duties: Duties;
  readonly leadership: Leadership;
  /** 5 s and twice the election timeout. */
  readonly requestTimeoutMs: number;
  readonly #ports: MemberPorts;
  readonly #storage: Storage;
  readonly #link: PeerLink;
  readonly #node: RawNode;
  readonly #ids: RequestIds;
  readonly #proposals: Waiters<Outcome>;
  readonly #reads: Reads;
  readonly #applier: Applier;
  readonly #loop: Loop;
  readonly #snapshots: Snapshots;
  readonly #writer: LogWriter;
  readonly #onStop: (reason: StopReason) => void;
  #ticker: Timer | undefined;
  #stopped = false;
  #started = false;
  #leaderChanges = 0;
  #proposalsFailed = 0;
  #leaderElectedMs = 0;
  #toldLead: MemberId = noMember;

  /**
   * @param storage opened; the member closes it.
   * @param onStop called once, when the member stops by itself; `stop` must still be called.
   */
  constructor(
    options: MemberOptions,
    ports: MemberPorts,
    storage: Storage,
    link: PeerLink,
    onStop: (reason: StopReason) => void,
  ) {
    const { clock, logger } = ports;
    this.options = options;
    this.id = storage.memberId;
    this.clusterId = storage.clusterId;
    this.requestTimeoutMs = 5000 + 2 * options.electionMs;
    this.#ports = ports;
    this.#storage = storage;
    this.#link = link;
    this.#onStop = onStop;
    this.#ids = new RequestIds(this.id, clock.wallMs());
    this.#proposals = new Waiters(clock, this.#ids, this.requestTimeoutMs);
    this.#reads = new Reads(clock, this.#ids, this.requestTimeoutMs);
    this.#node = new RawNode(
      raftConfig(options, this.id, ports, () => this.#snapshots.forFollower()),
      storage.initial,
    );
    this.#writer = new LogWriter(
      storage.wal,
      {
        onDurable: (token, messages) => this.#loop.onDurable(token, messages),
        onSynced: (ms) => ports.observer?.onWalSync?.(ms),
        onFailure: (error) => this.#fatal(error),
      },
      () => clock.nowMs(),
    );
    this.changes = new MembershipChanges({
      clock,
      logger,
      ids: this.#ids,
      node: this.#node,
      link,
      directory: ports.directory,
      localId: this.id,
      strict: options.strictReconfigCheck,
      requestTimeoutMs: this.requestTimeoutMs,
      membership: () => this.machine.membership,
      lead: () => this.lead,
      schedule: () => this.#loop.schedule(),
    });
    this.#applier = new Applier(
      clock,
      logger,
      {
        takeWaiter: (origin, serial) => this.#proposals.take(origin, serial),
        takeChangeWaiter: (id) => this.changes.take(id),
        applyConfChange: (change) => this.#node.applyConfChange(change),
        onMembershipEffect: (effect) => this.#onMembershipEffect(effect),
        onApplied: (index) => this.#onApplied(index),
        onBroken: (error) => this.#storage.condemn(error),
        onLeaderEntry: (term) => this.#onLeaderEntry(term),
      },
      storage.machine,
      storage.initial.applied,
      storage.appliedTerm,
    );
    this.#snapshots = new Snapshots({
      options,
      ports,
      storage,
      node: this.#node,
      applier: this.#applier,
      link,
      onReplaced: () => this.#onStateReplaced(),
      schedule: () => this.#loop.schedule(),
    });
    this.duties = new Duties({
      clock,
      logger,
      options,
      directory: ports.directory,
      ids: this.#ids,
      localId: this.id,
      clusterId: this.clusterId,
      requestTimeoutMs: this.requestTimeoutMs,
      membership: () => this.machine.membership,
      isLeader: () => this.isLeader,
      whenLed: () => this.#whenLed(),
      propose: (kind, body, waiter) => this.propose(kind, body, waiter),
      proposeRaw: (serial, data, waiter) => this.#enqueue(serial, data, waiter),
    });
    this.leadership = new Leadership({
      clock,
      logger,
      node: this.#node,
      link,
      localId: this.id,
      electionMs: options.electionMs,
      membership: () => this.machine.membership,
      lead: () => this.lead,
      schedule: () => this.#loop.schedule(),
    });
    this.#loop = new Loop({
      clock,
      logger,
      node: this.#node,
      writer: this.#writer,
      applier: this.#applier,
      proposals: this.#proposals,
      reads: this.#reads,
      link,
      holdMs: 2 * options.electionMs,
      sink: {
        onLeadChanged: (lead) => this.#onLeadChanged(lead),
        installSnapshot: (snapshot: Snapshot, append) => this.#snapshots.install(snapshot, append),
        sendSnapshot: (message) => this.#snapshots.send(message),
        isRemoved: (id) => this.machine.membership.isRemoved(id),
        onFatal: (error) => this.#fatal(error),
      },
    });
  }

  #watchStorage(): void {
    this.#storage.events.onFailure = (error) => this.#fatal(error);
  }

  /** Starts ticking. The transport must accept messages by now. */
  start(): void {
    this.#watchStorage();
    for (const remote of this.#storage.remotes) {
      if (this.machine.membership.get(remote.id) === undefined) this.#link.addRemote(remote.id, remote.peerUrls);
    }
    this.#addPeers();
    if (this.machine.membership.isRemoved(this.id)) {
      this.stoppedByRemoval();
      return;
    }
    this.#campaignWhenAlone();
    this.#tickLater();
    this.duties.start();
    this.#storage.startCompaction();
    this.#loop.schedule();
  }

  get machine(): StateMachine {
    return this.#storage.machine;
  }

  /** The version of etcd that this member reports, as `3.6.14`. */
  get version(): string {
    return reportedVersion(this.options.serverVersion, this.machine.membership.clusterVersion);
  }

  get storage(): Storage {
    return this.#storage;
  }

  get lead(): MemberId {
    return this.#loop.lead;
  }

  get isLeader(): boolean {
    return this.lead === this.id;
  }

  get isLearner(): boolean {
    return this.machine.membership.get(this.id)?.isLearner === true;
  }

  get applied(): LogIndex {
    return this.#applier.applied;
  }

  get appliedTerm(): Term {
    return this.#applier.appliedTerm;
  }

  get committed(): LogIndex {
    return this.#node.commit;
  }

  get term(): Term {
    return this.#node.term;
  }

  raftStatus(): Status {
    return this.#node.status();
  }

  /** Counters for `/metrics`. */
  counters(): {
    readonly leaderChanges: number;
    readonly proposalsFailed: number;
    readonly proposalsPending: number;
  } {
    return {
      leaderChanges: this.#leaderChanges,
      proposalsFailed: this.#proposalsFailed,
      proposalsPending: this.#proposals.queuedCount + this.#proposals.waitingCount,
    };
  }

  #addPeers(): void {
    for (const member of this.machine.membership.list()) {
      if (member.id !== this.id) this.#link.addPeer(member.id, member.peerUrls);
    }
  }

  #tickLater(): void {
    // Ticks that a long turn swallowed are not made up for: an election must not follow from our own slowness.
    this.#ticker = this.#ports.clock.startTimer(this.options.heartbeatMs, () => {
      if (this.#stopped) return;
      this.#loop.tick();
      this.#proposals.expire((startedMs) => this.#timeoutError(startedMs));
      this.#reads.expire();
      this.changes.drive();
      this.#snapshots.onTick();
      this.#tickLater();
    });
  }

  /**
   * Proposes a request.
   *
   * @param kind its field number in `InternalRaftRequest`.
   * @param body its encoded message; copied.
   */
  propose(kind: number, body: Uint8Array, waiter: Waiter<Outcome>, who: Requester = nobody): void {
    if (this.#stopped) return waiter.fail(new KvError("stopped"));
    if (this.#node.commit > this.#applier.applied + applyGapMax) return this.#refuse(waiter, "tooManyRequests");
    const serial = this.#ids.nextSerial();
    const origin = { origin: this.#ids.origin, serial, username: who.username, authRevision: who.authRevision };
    const data = encodeRaftRequest(kind, body, origin);
    if (data.length > this.options.requestBytesMax) return this.#refuse(waiter, "requestTooLarge");
    // A single one always passes.
    const waiting = this.#proposals.bytes;
    if (waiting > 0 && waiting + data.length > proposalBytesMax) return this.#refuse(waiter, "tooManyRequests");
    this.#enqueue(serial, data, waiter);
  }

  #refuse(waiter: Waiter<Outcome>, code: KvErrorCode): void {
    this.#proposalsFailed += 1;
    waiter.fail(new KvError(code));
  }

  #enqueue(serial: number, data: Uint8Array, waiter: Waiter<Outcome>): void {
    this.#proposals.queue(serial, data, waiter);
    this.#loop.schedule();
  }

  /** Waits until this member has applied what was committed when the call came. */
  linearizable(waiter: ReadWaiter): void {
    if (this.#stopped) return waiter.fail(new KvError("stopped"));
    if (this.#reads.gatheringCount >= readsMax) return waiter.fail(new KvError("tooManyRequests"));
    this.#reads.add(waiter);
    this.#loop.schedule();
  }

  /** A message from another member. */
  step(message: Message): void {
    if (this.machine.membership.isRemoved(message.from)) return;
    this.#loop.step(message);
  }

  reportUnreachable(id: MemberId): void {
    if (this.#stopped) return;
    this.#node.reportUnreachable(id);
    this.#loop.schedule();
  }

  reportSnapshot(id: MemberId, ok: boolean): void {
    if (this.#stopped) return;
    this.#snapshots.onSent(ok);
    this.#node.reportSnapshot(id, ok);
    this.#loop.schedule();
  }

  /** The body of `GET /members`. */
  membersJson(): string {
    const members = this.machine.membership.list();
    return `${members.length === 0 ? "null" : `[${members.map(memberJson).join(",")}]`}\n`;
  }

  #whenLed(): Promise<void> {
    if (this.lead !== noMember) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.leadership.watch((lead) => {
        if (lead === noMember) return;
        stop();
        resolve();
      });
    });
  }

  #timeoutError(startedMs: number): KvError {
    this.#proposalsFailed += 1;
    const { electionMs } = this.options;
    const elected = this.#leaderElectedMs;
    if (startedMs > elected - 2 * electionMs && startedMs < elected) return new KvError("timeoutDueToLeaderFail");
    if (this.lead === noMember) return new KvError("timeout");
    const since = (id: MemberId): number => (id === this.id ? 1 : this.#link.activeSince(id));
    if (this.isLeader) {
      const members = this.machine.membership.list();
      const connected = members.filter((member) => since(member.id) > 0 && since(member.id) < startedMs).length;
      if (connected < Math.floor(members.length / 2) + 1) return new KvError("timeoutDueToConnectionLost");
    } else {
      const active = since(this.lead);
      if (active === 0 || active > startedMs) return new KvError("timeoutDueToConnectionLost");
    }
    return new KvError("timeout");
  }

  #onLeadChanged(lead: MemberId): void {
    this.#tellLead(lead);
    if (lead !== noMember) {
      this.#leaderChanges += 1;
      this.#leaderElectedMs = this.#ports.clock.nowMs();
    }
    this.leadership.onLeadChanged(lead);
  }

  /** Says who leads, in the words that scripts look for. */
  #tellLead(lead: MemberId): void {
    const before = this.#toldLead;
    this.#toldLead = lead;
    const { term } = this.#node;
    let change = `lost leader ${hexId(before)}`;
    if (lead !== noMember) {
      change =
        before === noMember
          ? `elected leader ${hexId(lead)}`
          : `changed leader from ${hexId(before)} to ${hexId(lead)}`;
    }
    this.#ports.logger.log("info", `raft.node: ${hexId(this.id)} ${change} at term ${term}`);
  }

  #onLeaderEntry(term: Term): void {
    this.#proposals.failBefore(term, new KvError("timeoutDueToLeaderFail"));
    if (this.isLeader && term === this.#node.term) this.duties.checkClusterVersion();
  }

  #onApplied(index: LogIndex): void {
    this.#node.onApplied(index);
    this.#campaignWhenAlone();
    this.#reads.onApplied(index);
    this.#storage.startCompaction();
    this.#snapshots.onApplied(index);
  }

  /** At the start, once all that was committed is applied: whoever votes alone need not wait for a leader. */
  #campaignWhenAlone(): void {
    if (this.#started || this.#applier.applied < this.#node.commit) return;
    this.#started = true;
    const fast = this.options.initialElectionTickAdvance && this.lead === noMember;
    if (fast && isOnlyVoter(this.machine.membership, this.id)) this.#node.campaign();
  }

  #onMembershipEffect(effect: MembershipEffect): void {
    const { logger } = this.#ports;
    if (effect.kind === "removed") {
      logger.log("info", "removed member", {
        "cluster-id": hexId(this.clusterId),
        "local-member-id": hexId(this.id),
        "removed-remote-peer-id": hexId(effect.id),
      });
      if (effect.id === this.id) this.stoppedByRemoval();
      else this.#link.removePeer(effect.id);
      return;
    }
    const { member } = effect;
    const words = { added: "added member", promoted: "promote member", updated: "updated member" } as const;
    logger.log("info", words[effect.kind], {
      "cluster-id": hexId(this.clusterId),
      "local-member-id": hexId(this.id),
      "added-peer-id": hexId(member.id),
      "added-peer-peer-urls": [...member.peerUrls],
      "added-peer-is-learner": member.isLearner,
    });
    if (member.id === this.id) return;
    if (effect.kind === "added") this.#link.addPeer(member.id, member.peerUrls);
    else if (effect.kind === "updated") this.#link.updatePeer(member.id, member.peerUrls);
  }

  /** A snapshot replaced the state: the transport starts over with the members it names. */
  #onStateReplaced(): void {
    this.#link.removeAllPeers();
    this.#addPeers();
    if (this.machine.membership.isRemoved(this.id)) this.stoppedByRemoval();
  }

  /** This member is no longer part of the cluster: it stops after a moment. */
  stoppedByRemoval(): void {
    this.#ports.clock.startTimer(removedGraceMs, () => this.#stopItself({ kind: "removed" }));
  }

  #fatal(error: unknown): void {
    this.#stopItself({ kind: "fatal", error });
  }

  #stopItself(reason: StopReason): void {
    if (this.#stopped) return;
    this.#halt();
    this.#onStop(reason);
  }

  #halt(): void {
    this.#stopped = true;
    this.#loop.stop();
    this.#ticker?.cancel();
    this.duties.stop();
    const stopped = new KvError("stopped");
    this.#proposals.failAll(stopped);
    this.#reads.failAll(stopped);
    this.changes.stop(stopped);
  }

  /** Stops at once and closes nothing, as a killed process does. */
  abandon(): void {
    if (!this.#stopped) this.#halt();
  }

  /** Stops and closes the storage; what was applied is made durable first. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#stopped) this.#halt();
    await this.#snapshots.settled();
    await this.#storage.close();
  }

  /** Where a received database goes before raft is told of its snapshot. */
  receiveDatabase(index: LogIndex): ReturnType<Snapshots["receive"]> {
    return this.#snapshots.receive(index);
  }
}
