import { KvError, type KvErrorCode } from "@quorate/api";
import { type Clock, emptyBytes, hexId, type Logger, type MemberId, type Signal, AbortError } from "@quorate/base";
import { type ConfChange, ConfChangeType, type RawNode } from "@quorate/raft";
import { changeContext, type Membership, type MemberRecord } from "@quorate/state";
import type { ChangeOutcome } from "./applier.ts";
import { memberIdFor, type RequestIds } from "./identity.ts";
import type { ClusterDirectory, PeerLink } from "./options.ts";
import {
  checkedPeerUrls,
  judgeAdd,
  judgeLastVoter,
  judgePromote,
  judgeRemove,
  learnerReadyShare,
  type ReconfigurationView,
  type Refusal,
} from "./reconfiguration.ts";

/** What changes of members need from the member. */
export interface ChangeHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ids: RequestIds;
  readonly node: RawNode;
  readonly link: PeerLink;
  readonly directory: ClusterDirectory;
  readonly localId: MemberId;
  readonly strict: boolean;
  readonly requestTimeoutMs: number;
  membership(): Membership;
  lead(): MemberId;
  schedule(): void;
}

/** Changes of members that wait here, and promotions that wait for the leader: so many of each, then they are refused. */
const changesMax = 64;

interface PendingChange {
  readonly change: ConfChange;
  readonly settle: (outcome: ChangeOutcome) => void;
  readonly fail: (error: Error) => void;
  /** Why the change must not be made as the members are now. */
  readonly judge: () => Refusal | undefined;
  /** Whether the members are as the change wants them. */
  readonly isInForce: () => boolean;
  proposedMs: number;
  /** It was handed on, and nothing tells that it did not get into the log. */
  mayBeInLog: boolean;
}

/** A change that got lost on its way is proposed again after this time; apply-time checks make that safe. */
const reproposeMs = 2000;

const replacedRetryMs = 300;

/** Membership changes as clients ask for them: checked, proposed one after the other, answered when in force. */
export class MembershipChanges {
  readonly #host: ChangeHost;
  /** The first one is proposed, the others wait for it: raft refuses a second change in flight. */
  readonly #queue: PendingChange[] = [];
  /** Promotions that the leader is asked for. */
  #forwarding = 0;
  #stopped: Error | undefined;

  constructor(host: ChangeHost) {
    this.#host = host;
  }

  /** @returns the new member. Rejects with a `KvError`, or an `AbortError` when the signal fired. */
  async add(urls: readonly string[], isLearner: boolean, signal?: Signal): Promise<MemberRecord> {
    const peerUrls = checkedPeerUrls(urls);
    if (peerUrls === undefined) throw badUrls(urls);
    const judge = (): Refusal | undefined => (this.#host.strict ? judgeAdd(this.#view(), isLearner) : undefined);
    refuse(judge());
    const id = memberIdFor(peerUrls, "", Math.floor(this.#host.clock.wallMs() / 1000));
    const member: MemberRecord = { id, peerUrls, isLearner, name: "", clientUrls: [] };
    const type = isLearner ? ConfChangeType.addLearnerNode : ConfChangeType.addNode;
    const isInForce = (): boolean => this.#host.membership().get(id) !== undefined;
    await this.#propose({ type, nodeId: id, context: changeContext(member) }, judge, isInForce, signal);
    return member;
  }

  async remove(id: MemberId, signal?: Signal): Promise<void> {
    const judge = (): Refusal | undefined => {
      const view = this.#view();
      return this.#host.strict ? judgeRemove(view, id) : judgeLastVoter(view, id);
    };
    refuse(judge());
    const isInForce = (): boolean => this.#host.membership().isRemoved(id);
    const { removeNode } = ConfChangeType;
    await this.#propose({ type: removeNode, nodeId: id, context: emptyBytes }, judge, isInForce, signal);
  }

  async update(id: MemberId, urls: readonly string[], signal?: Signal): Promise<void> {
    const peerUrls = checkedPeerUrls(urls);
    if (peerUrls === undefined) throw badUrls(urls);
    const member: MemberRecord = { id, peerUrls, isLearner: false, name: "", clientUrls: [] };
    const judge = (): undefined => undefined;
    const isInForce = (): boolean => this.#host.membership().get(id)?.peerUrls.join() === peerUrls.join();
    const { updateNode } = ConfChangeType;
    await this.#propose({ type: updateNode, nodeId: id, context: changeContext(member) }, judge, isInForce, signal);
  }

  /** Promotes a learner; a follower asks the leader to do it. */
  async promote(id: MemberId, signal?: Signal): Promise<void> {
    if (this.#forwarding >= changesMax) throw new KvError("tooManyRequests");
    this.#forwarding += 1;
    try {
      await this.#promote(id, signal);
    } finally {
      this.#forwarding -= 1;
    }
  }

  async #promote(id: MemberId, signal: Signal | undefined): Promise<void> {
    const deadlineMs = this.#host.clock.nowMs() + this.#host.requestTimeoutMs;
    for (;;) {
      if (this.#stopped !== undefined) throw this.#stopped;
      const lead = this.#host.lead();
      if (lead === this.#host.localId) return await this.promoteAsLeader(id, signal);
      const leader = this.#host.membership().get(lead);
      if (leader !== undefined) {
        const outcome = await this.#forwardPromotion(leader, id, deadlineMs);
        if (outcome === "promoted") return;
      }
      if (this.#host.clock.nowMs() >= deadlineMs) throw new KvError(leader === undefined ? "noLeader" : "timeout");
      await this.#pause(100, signal);
    }
  }

  async promoteAsLeader(id: MemberId, signal?: Signal): Promise<void> {
    const status = this.#host.node.status();
    const learner = status.progress.find((progress) => progress.id === id);
    if (learner === undefined) throw new KvError("memberNotFound");
    const match = status.progress.find((progress) => progress.id === this.#host.localId)?.match ?? 0;
    if (learner.match < match * learnerReadyShare) {
      throw new KvError("learnerNotReady", {
        explanation: `member ${hexId(id)} has ${learner.match} of ${match} entries; wait until it has ${learnerReadyShare * 100} %.`,
      });
    }
    const judge = (): Refusal | undefined => (this.#host.strict ? judgePromote(this.#view()) : undefined);
    refuse(judge());
    const known = this.#host.membership().get(id);
    const member: MemberRecord = known ?? { id, peerUrls: [], isLearner: true, name: "", clientUrls: [] };
    const isInForce = (): boolean => this.#host.membership().get(id)?.isLearner === false;
    const { addNode } = ConfChangeType;
    await this.#propose({ type: addNode, nodeId: id, context: changeContext(member, true) }, judge, isInForce, signal);
  }

  async #forwardPromotion(leader: MemberRecord, id: MemberId, deadlineMs: number): Promise<"promoted" | "retry"> {
    const leftMs = Math.max(1, deadlineMs - this.#host.clock.nowMs());
    let answer: { readonly status: number; readonly body: string };
    try {
      answer = await this.#host.directory.promote(leader.peerUrls, id, leftMs);
    } catch (error) {
      this.#host.logger.log("warn", "failed to forward a promotion to the leader", { error: String(error) });
      return "retry";
    }
    if (answer.status === 200) return "promoted";
    if (answer.status === 404) throw new KvError("memberNotFound");
    if (answer.status === 412) {
      throw new KvError(answer.body.includes("in sync with leader") ? "learnerNotReady" : "memberNotLearner");
    }
    if (answer.body.includes("not enough started members")) throw new KvError("notEnoughStarted");
    return "retry";
  }

  #pause(ms: number, signal: Signal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new AbortError());
        return;
      }
      this.#host.clock.startTimer(ms, resolve);
    });
  }

  #view(): ReconfigurationView {
    const { localId, clock, link } = this.#host;
    return {
      local: localId,
      members: this.#host.membership().list(),
      nowMs: clock.nowMs(),
      activeSince: (id) => link.activeSince(id),
    };
  }

  async #propose(
    wanted: Omit<ConfChange, "id">,
    judge: () => Refusal | undefined,
    isInForce: () => boolean,
    signal: Signal | undefined,
  ): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (signal?.aborted === true) throw new AbortError("nothing was proposed: the caller gave up");
    if (this.#queue.length >= changesMax) throw new KvError("tooManyRequests");
    const { ids } = this.#host;
    const change: ConfChange = { id: ids.whole(ids.nextSerial()), ...wanted };
    const outcome = await new Promise<ChangeOutcome>((resolve, reject) => {
      const pending: PendingChange = {
        change,
        settle: resolve,
        fail: reject,
        judge,
        isInForce,
        proposedMs: Number.NEGATIVE_INFINITY,
        mayBeInLog: false,
      };
      this.#queue.push(pending);
      signal?.addEventListener("abort", () => this.#abort(pending), { once: true });
      this.drive();
    });
    if (outcome.refused !== undefined) throw new KvError(outcome.refused satisfies KvErrorCode);
  }

  #abort(pending: PendingChange): void {
    const at = this.#queue.indexOf(pending);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    pending.fail(new AbortError("the change of members has an unknown outcome: the caller gave up"));
    this.drive();
  }

  /** Proposes the first change, or again when it seems lost. Called at each tick and whenever the queue moves. */
  drive(): void {
    const first = this.#queue[0];
    if (first === undefined) return;
    const now = this.#host.clock.nowMs();
    if (now - first.proposedMs < reproposeMs) return;
    // Others may have changed the members since the caller was let through.
    const refusal = first.judge();
    if (refusal !== undefined) {
      // What was handed on may come into force still; that it was lost is likely, not certain.
      this.#give(first, first.mayBeInLog ? { code: "timeout", explanation: refusal.explanation } : refusal);
      return;
    }
    const result = this.#host.node.proposeConfChange(first.change);
    if (result.kind !== "accepted") return;
    if (result.replaced === "impossible" && !first.mayBeInLog) {
      this.#give(first, {
        code: "unhealthy",
        explanation: "no member could apply this change to the members as they are",
      });
      return;
    }
    // Replaced: another change is in flight, so this one has another chance soon.
    first.proposedMs = result.replaced === undefined ? now : now - reproposeMs + replacedRetryMs;
    if (result.replaced === undefined) first.mayBeInLog = true;
    this.#host.schedule();
  }

  /** Gives the first change up. */
  #give(first: PendingChange, { code, explanation }: Refusal): void {
    this.#queue.shift();
    first.fail(new KvError(code, { explanation }));
    this.drive();
  }

  /** The entry of a change was applied. */
  take(id: bigint): { settle(outcome: ChangeOutcome): void } | undefined {
    const at = this.#queue.findIndex((pending) => pending.change.id === id);
    if (at < 0) return undefined;
    const [pending] = this.#queue.splice(at, 1);
    this.#host.clock.nextTurn(() => this.drive());
    return pending;
  }

  /**
   * A snapshot replaced the state, and the entries of changes may have gone with it. A change that was handed on and is
   * in force was made; any other is proposed again.
   */
  onStateReplaced(): void {
    for (const pending of this.#queue.filter(({ mayBeInLog }) => mayBeInLog)) {
      if (pending.isInForce()) this.take(pending.change.id)?.settle({ refused: undefined });
      else pending.proposedMs = Number.NEGATIVE_INFINITY;
    }
    this.drive();
  }

  /** Fails everything, now and from now on. */
  stop(error: Error): void {
    this.#stopped = error;
    for (const pending of this.#queue.splice(0)) pending.fail(error);
  }
}

function refuse(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw new KvError(refusal.code, { explanation: refusal.explanation });
}

function badUrls(urls: readonly string[]): KvError {
  return new KvError("memberBadUrls", {
    explanation: `[${urls.join(", ")}]: each URL must be http or https with host:port and no path, or unix or unixs.`,
  });
}
