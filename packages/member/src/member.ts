import { KvError, type KvErrorCode } from "@quorate/api";
import { type ClusterId, type LogIndex, type MemberId, noMember, type Term, type Timer } from "@quorate/base";
import type { Message, RawNode, Status } from "@quorate/raft";
import { encodeRaftRequest, memberJson, type Outcome, reportedVersion, type StateMachine } from "@quorate/state";
import type { MembershipChanges } from "./changes.ts";
import { Parts, type PartsOwner } from "./composition.ts";
import type { Duties } from "./duties.ts";
import { Farewell } from "./farewell.ts";
import type { Leadership } from "./leadership.ts";
import type { MemberOptions, MemberPorts, PeerLink } from "./options.ts";
import { isOnlyVoter } from "./raft-config.ts";
import type { ReadWaiter } from "./reads.ts";
import { Roster } from "./roster.ts";
import type { DatabaseSink, Storage } from "./storage.ts";
import { Tally } from "./tally.ts";
import type { Waiter } from "./waiters.ts";

/** Why a member stopped by itself. */
export type StopReason =
  /** `known`: the members that remain have said that they know. */
  { readonly kind: "removed"; readonly known: boolean } | { readonly kind: "fatal"; readonly error: unknown };

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
  readonly #parts: Parts;
  readonly #tally: Tally;
  readonly #roster: Roster;
  readonly #farewell: Farewell;
  /** Called when this member was removed and serves clients no longer; it stops once the others know. */
  onRetired: (() => void) | undefined;
  readonly #onStop: (reason: StopReason) => void;
  #ticker: Timer | undefined;
  #stopped = false;
  /** Removed: it takes part for the others' sake, and serves nobody. */
  #retired = false;
  #started = false;

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
    this.#onStop = onStop;
    const localId = this.id;
    const membership = () => this.machine.membership;
    this.#roster = new Roster({ logger, link, localId, clusterId: this.clusterId, membership });
    this.#tally = new Tally({
      clock,
      logger,
      link,
      localId,
      electionMs: options.electionMs,
      heartbeatMs: options.heartbeatMs,
      membership,
      lead: () => this.lead,
    });
    this.#farewell = new Farewell({
      clock,
      logger,
      directory: ports.directory,
      localId,
      clusterId: this.clusterId,
      electionMs: options.electionMs,
      voters: () =>
        membership()
          .list()
          .filter(({ id, isLearner }) => id !== localId && !isLearner),
      onRetired: () => this.#retire(),
      onOver: (known) => this.#stopItself({ kind: "removed", known }),
    });
    const world = { options, ports, storage, link, requestTimeoutMs: this.requestTimeoutMs };
    this.#parts = new Parts(world, this.#owner());
    this.changes = this.#parts.changes;
    this.duties = this.#parts.duties;
    this.leadership = this.#parts.leadership;
  }

  #owner(): PartsOwner {
    return {
      onMembershipEffect: (effect) => {
        this.#roster.onEffect(effect);
        if (effect.kind !== "removed" || effect.id !== this.id) return;
        this.#farewell.begin(this.applied < this.#storage.initial.hardState.commit);
      },
      onApplied: (index) => this.#onApplied(index),
      onLeaderEntry: (term) => this.#onLeaderEntry(term),
      onLeadChanged: (lead) => {
        this.#tally.onLeadChanged(lead, this.term);
        this.leadership.onLeadChanged(lead);
      },
      onStateReplaced: (swallowed) => this.#onStateReplaced(swallowed),
      onFatal: (error) => this.#fatal(error),
      propose: (kind, body, waiter) => this.propose(kind, body, waiter),
      proposeRaw: (serial, data, waiter) => this.#enqueue(serial, data, waiter),
    };
  }

  get #node(): RawNode {
    return this.#parts.node;
  }

  /** Starts ticking. The transport must accept messages by now. */
  start(): void {
    this.#storage.events.onFailure = (error) => this.#fatal(error);
    this.#storage.events.onCommitted = () => this.#parts.loop.schedule();
    this.#roster.start(this.#storage.remotes);
    if (this.machine.membership.isRemoved(this.id)) {
      // The others may still need its vote, and what it knows to be committed.
      this.#farewell.begin(true);
      this.#retire();
      this.#tickLater();
      this.#parts.loop.schedule();
      return;
    }
    this.#campaignWhenAlone();
    this.#tickLater();
    this.duties.start();
    this.#storage.startCompaction();
    this.#parts.loop.schedule();
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
    return this.#parts.loop.lead;
  }

  get isLeader(): boolean {
    return this.lead === this.id;
  }

  get isLearner(): boolean {
    return this.machine.membership.get(this.id)?.isLearner === true;
  }

  get applied(): LogIndex {
    return this.#parts.applier.applied;
  }

  get appliedTerm(): Term {
    return this.#parts.applier.appliedTerm;
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
    readonly lateHeartbeats: number;
    readonly proposalsPending: number;
  } {
    return {
      leaderChanges: this.#tally.leaderChanges,
      proposalsFailed: this.#tally.proposalsFailed,
      lateHeartbeats: this.#tally.lateHeartbeats,
      proposalsPending: this.#parts.proposals.queuedCount + this.#parts.proposals.waitingCount,
    };
  }

  #tickLater(): void {
    // Ticks that a long turn swallowed are not made up for: an election must not follow from our own slowness.
    this.#ticker = this.#ports.clock.startTimer(this.options.heartbeatMs, () => {
      if (this.#stopped) return;
      this.#tally.onTick();
      this.#parts.loop.tick();
      this.#parts.proposals.expire((startedMs) => this.#tally.timeout(startedMs));
      this.#parts.reads.expire();
      this.changes.drive();
      this.#parts.snapshots.onTick();
      this.#parts.leadership.onTick(this.#parts.writer.syncingForMs);
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
    if (this.#retired) return waiter.fail(new KvError("stopped"));
    const { applier, ids, node, proposals } = this.#parts;
    if (node.commit > applier.applied + applyGapMax) return this.#refuse(waiter, "tooManyRequests");
    const serial = ids.nextSerial();
    const origin = { origin: ids.origin, serial, username: who.username, authRevision: who.authRevision };
    const data = encodeRaftRequest(kind, body, origin);
    if (data.length > this.options.requestBytesMax) return this.#refuse(waiter, "requestTooLarge");
    // A single one always passes.
    if (proposals.bytes > 0 && proposals.bytes + data.length > proposalBytesMax) {
      return this.#refuse(waiter, "tooManyRequests");
    }
    this.#enqueue(serial, data, waiter);
  }

  #refuse(waiter: Waiter<Outcome>, code: KvErrorCode): void {
    waiter.fail(this.#tally.refusal(code));
  }

  #enqueue(serial: number, data: Uint8Array, waiter: Waiter<Outcome>): void {
    this.#parts.proposals.queue(serial, data, waiter);
    this.#parts.loop.schedule();
  }

  /** Waits until this member has applied what was committed when the call came. */
  linearizable(waiter: ReadWaiter): void {
    if (this.#retired) return waiter.fail(new KvError("stopped"));
    if (this.#parts.reads.gatheringCount >= readsMax) return waiter.fail(new KvError("tooManyRequests"));
    this.#parts.reads.add(waiter);
    this.#parts.loop.schedule();
  }

  /** A message from another member. */
  step(message: Message): void {
    if (this.machine.membership.isRemoved(message.from)) return;
    this.#parts.loop.step(message);
  }

  reportUnreachable(id: MemberId): void {
    if (this.#stopped) return;
    this.#node.reportUnreachable(id);
    this.#parts.loop.schedule();
  }

  /** Nobody listens where the member `id` should: its process has ended. */
  reportGone(id: MemberId): void {
    if (this.#stopped) return;
    this.#parts.succession.onGone(id);
  }

  reportSnapshot(id: MemberId, ok: boolean): void {
    if (this.#stopped) return;
    this.#parts.snapshots.onSent(ok);
    this.#node.reportSnapshot(id, ok);
    this.#parts.loop.schedule();
  }

  /** The body of `GET /members`. */
  membersJson(): string {
    const members = this.machine.membership.list();
    return `${members.length === 0 ? "null" : `[${members.map(memberJson).join(",")}]`}\n`;
  }

  #onLeaderEntry(term: Term): void {
    this.#parts.proposals.failBefore(term, new KvError("timeoutDueToLeaderFail"));
    if (this.isLeader && term === this.#node.term) this.duties.checkClusterVersion();
  }

  #onApplied(index: LogIndex): void {
    this.#node.onApplied(index);
    this.#campaignWhenAlone();
    this.#parts.reads.onApplied(index);
    this.#storage.startCompaction();
    this.#parts.snapshots.onApplied(index);
  }

  /** At the start, once all that was committed is applied: whoever votes alone need not wait for a leader. */
  #campaignWhenAlone(): void {
    if (this.#started || this.#parts.applier.applied < this.#node.commit) return;
    this.#started = true;
    const fast = this.options.initialElectionTickAdvance && this.lead === noMember;
    if (fast && isOnlyVoter(this.machine.membership, this.id)) this.#node.campaign();
  }

  #onStateReplaced(swallowed: number): void {
    this.#roster.startOver();
    this.#parts.proposals.failUpTo(swallowed, () => this.#tally.swallowed());
    this.changes.onStateReplaced();
    if (this.machine.membership.isRemoved(this.id)) this.stoppedByRemoval();
  }

  /** This member is no longer part of the cluster: it stops after a moment, once the others know. */
  stoppedByRemoval(): void {
    this.#farewell.begin(false);
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
    this.#farewell.stop();
    this.#parts.loop.stop();
    this.#ticker?.cancel();
    this.#parts.succession.stop();
    this.#endService();
  }

  #retire(): void {
    this.#endService();
    this.onRetired?.();
  }

  /** Fails what clients wait for, now and from now on. */
  #endService(): void {
    this.#retired = true;
    this.duties.stop();
    const stopped = new KvError("stopped");
    this.#parts.proposals.failAll(stopped);
    this.#parts.reads.failAll(stopped);
    this.changes.stop(stopped);
    this.leadership.stop(stopped);
  }

  /** Stops at once and closes nothing, as a killed process does. */
  abandon(): void {
    if (!this.#stopped) this.#halt();
  }

  /** Stops and closes the storage; what was applied is made durable first. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#stopped) this.#halt();
    await this.#parts.snapshots.settled();
    await this.#storage.close();
  }

  /** Where a received database goes before raft is told of its snapshot. */
  receiveDatabase(index: LogIndex): DatabaseSink {
    return this.#parts.snapshots.receive(index);
  }
}
