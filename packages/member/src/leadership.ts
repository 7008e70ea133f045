import { KvError } from "@quorate/api";
import {
  AbortError,
  type Clock,
  hexId,
  type Logger,
  type LogIndex,
  type MemberId,
  noMember,
  type Signal,
} from "@quorate/base";
import type { RawNode } from "@quorate/raft";
import type { Membership } from "@quorate/state";
import type { PeerLink } from "./options.ts";

/** What leadership transfer needs from the member. */
export interface LeadershipHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: RawNode;
  readonly link: PeerLink;
  readonly localId: MemberId;
  readonly electionMs: number;
  membership(): Membership;
  lead(): MemberId;
  schedule(): void;
}

/** A leader that stops waits for this many election timeouts until another leads. */
const handOverElections = 1.5;
const handOverLookMs = 20;

interface LeadWaiter {
  onLead(lead: MemberId): void;
  onStop?(error: Error): void;
}

/** Moving leadership: on request, and before a leader stops. */
export class Leadership {
  readonly #host: LeadershipHost;
  readonly #waiters: Set<LeadWaiter> = new Set();
  #stopped: Error | undefined;
  /** A leader with a slow disk tries to hand over once in an election timeout. */
  #evadeFromMs = 0;

  constructor(host: LeadershipHost) {
    this.#host = host;
  }

  onLeadChanged(lead: MemberId): void {
    for (const waiter of [...this.#waiters]) waiter.onLead(lead);
  }

  /** Calls `listener` at each change of the lead until the returned function is called. */
  watch(listener: (lead: MemberId) => void): () => void {
    const waiter: LeadWaiter = { onLead: listener };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** Resolves when a leader is known. */
  whenLed(): Promise<void> {
    if (this.#host.lead() !== noMember) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.watch((lead) => {
        if (lead === noMember) return;
        stop();
        resolve();
      });
    });
  }

  /** Resolves when `target` leads. Rejects with etcd's refusals, when the signal fires, or when the member stops. */
  async moveTo(target: MemberId, signal?: Signal): Promise<void> {
    const { localId } = this.#host;
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#host.lead() !== localId) throw new KvError("notLeader");
    const member = this.#host.membership().get(target);
    if (member === undefined || member.isLearner) throw new KvError("badLeaderTransferee");
    await this.#transfer(target, signal);
  }

  #transfer(target: MemberId, signal: Signal | undefined): Promise<void> {
    if (this.#host.lead() === target) return Promise.resolve();
    this.#host.node.transferLeader(target);
    this.#host.schedule();
    return new Promise((resolve, reject) => {
      const waiter: LeadWaiter = {
        onLead: (lead) => {
          if (lead !== target) return;
          this.#waiters.delete(waiter);
          resolve();
        },
        onStop: reject,
      };
      this.#waiters.add(waiter);
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(new AbortError("the leader transfer took too long"));
      };
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /**
   * Called at each tick. A leader whose log is held up by its disk for longer than an election timeout lets a voter lead that
   * has on its disk what this one has not: clients of a leader wait for the leader's own disk too. Where all disks are as
   * slow, nobody is better.
   *
   * @param syncingMs for how long the sync of the log has been under way.
   */
  onTick(syncingMs: number): void {
    const { localId, electionMs, node, clock } = this.#host;
    if (syncingMs <= electionMs || this.#host.lead() !== localId || clock.nowMs() < this.#evadeFromMs) return;
    const { progress, config, leadTransferee } = node.status();
    const own = progress.find(({ id }) => id === localId)?.match ?? 0;
    let best: { readonly id: MemberId; readonly match: LogIndex } | undefined;
    for (const one of progress) {
      const isOther = one.id !== localId && config.voters.includes(one.id) && this.#host.link.activeSince(one.id) > 0;
      if (isOther && one.match > Math.max(own, best?.match ?? 0)) best = one;
    }
    if (best === undefined || leadTransferee !== noMember) return;
    this.#evadeFromMs = clock.nowMs() + electionMs;
    this.#host.logger.log("warn", "the log's disk is held up; leadership is handed over", {
      "local-member-id": hexId(localId),
      "transferee-member-id": hexId(best.id),
      took: `${syncingMs.toFixed(3)}ms`,
    });
    node.transferLeader(best.id);
    this.#host.schedule();
  }

  /** Fails the transfers under way, and all from now on. */
  stop(error: Error): void {
    this.#stopped = error;
    for (const waiter of [...this.#waiters]) waiter.onStop?.(error);
    this.#waiters.clear();
  }

  /** Resolves with false once nothing is left to hope for: raft gives a transfer up after one election timeout. */
  #forlorn(target: MemberId): Promise<false> {
    const { clock, link, electionMs } = this.#host;
    const endMs = clock.nowMs() + handOverElections * electionMs;
    return new Promise((resolve) => {
      // Where members are stopped together, the target may be gone before it was told.
      const look = (): void => {
        if (clock.nowMs() >= endMs || link.activeSince(target) === 0) resolve(false);
        else clock.startTimer(handOverLookMs, look);
      };
      look();
    });
  }

  /** Before a stop: hands leadership to the voter that has been connected for longest. Never rejects. */
  async handOver(): Promise<void> {
    const { localId, logger, link, clock } = this.#host;
    const facts = { "local-member-id": hexId(localId), "current-leader-member-id": hexId(this.#host.lead()) };
    if (this.#host.lead() !== localId) {
      logger.log("info", "skipped leadership transfer; local server is not leader", facts);
      return;
    }
    if (this.#host.membership().get(localId) === undefined) {
      logger.log("info", "skipped leadership transfer; local server is no longer a member", facts);
      return;
    }
    const others = this.#host
      .membership()
      .list()
      .filter((member) => !member.isLearner && member.id !== localId);
    if (others.length === 0) {
      logger.log("info", "skipped leadership transfer for single voting member cluster", facts);
      return;
    }
    let target = noMember;
    for (const { id } of others) {
      const since = link.activeSince(id);
      if (since > 0 && (target === noMember || since < link.activeSince(target))) target = id;
    }
    if (target === noMember) {
      logger.log("warn", "leadership transfer failed", { ...facts, error: "etcdserver: unhealthy cluster" });
      return;
    }
    logger.log("info", "leadership transfer starting", { ...facts, "transferee-member-id": hexId(target) });
    const startedMs = clock.nowMs();
    const moved = this.#transfer(target, undefined).then(
      () => true,
      () => false,
    );
    if (await Promise.race([moved, this.#forlorn(target)])) {
      logger.log("info", "leadership transfer finished", {
        ...facts,
        "transferee-member-id": hexId(target),
        took: `${(clock.nowMs() - startedMs).toFixed(3)}ms`,
      });
      return;
    }
    logger.log("warn", "leadership transfer failed", {
      ...facts,
      error: "etcdserver: request timed out, leader transfer took too long",
    });
  }
}
