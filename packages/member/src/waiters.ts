import { KvError } from "@quorate/api";
import type { Clock, Term } from "@quorate/base";
import type { RequestIds } from "./identity.ts";

/** What a proposer is told. Exactly one of the two is called, once. */
export interface Waiter<T> {
  settle(outcome: T): void;
  fail(error: Error): void;
}

/** One proposal on its way. */
export interface Proposal<T> {
  readonly serial: number;
  readonly data: Uint8Array;
  readonly waiter: Waiter<T>;
  /** The clock's reading when it came. */
  readonly startedMs: number;
  /** The term in which it was handed to raft. */
  term: Term;
}

/** Why a proposal that was handed to raft had no outcome in time, decided when the time is over. */
export type TimeoutReason = (startedMs: number) => KvError;

/**
 * Proposals by request id. All have the same time limit, so the oldest is always the first to expire
 * and no proposal needs a timer of its own.
 */
export class Waiters<T> {
  readonly #clock: Clock;
  readonly #ids: RequestIds;
  readonly #timeoutMs: number;
  readonly #waiting: Map<number, Proposal<T>> = new Map();
  #queued: Proposal<T>[] = [];
  #bytes = 0;
  #lastProposed = 0;

  constructor(clock: Clock, ids: RequestIds, timeoutMs: number) {
    this.#clock = clock;
    this.#ids = ids;
    this.#timeoutMs = timeoutMs;
  }

  /** Queues a proposal for the next batch. */
  queue(serial: number, data: Uint8Array, waiter: Waiter<T>): void {
    this.#bytes += data.length;
    this.#queued.push({ serial, data, waiter, startedMs: this.#clock.nowMs(), term: 0 });
  }

  get queuedCount(): number {
    return this.#queued.length;
  }

  /** Bytes of all that have no outcome yet. */
  get bytes(): number {
    return this.#bytes;
  }

  #forget(proposal: Proposal<T>): Waiter<T> {
    this.#bytes -= proposal.data.length;
    return proposal.waiter;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** The data of all queued proposals, oldest first. */
  queuedData(): Uint8Array[] {
    return this.#queued.map((proposal) => proposal.data);
  }

  /** The batch was taken by raft: from now on the proposals wait for their entries. */
  markProposed(term: Term): void {
    for (const proposal of this.#queued) {
      proposal.term = term;
      this.#waiting.set(proposal.serial, proposal);
      this.#lastProposed = proposal.serial;
    }
    this.#queued = [];
  }

  /** The serial of the last proposal that was handed to raft; 0 when there was none. */
  get lastProposed(): number {
    return this.#lastProposed;
  }

  /** For how long the oldest queued proposal has been waiting; 0 when there is none. */
  queuedForMs(): number {
    const oldest = this.#queued[0];
    return oldest === undefined ? 0 : this.#clock.nowMs() - oldest.startedMs;
  }

  /**
   * A leader of `term` is at work, and all that it took over is applied here: what was proposed before it and is still
   * missing was most likely lost with the leader before. Its proposers learn so at once; the outcome stays unknown.
   */
  failBefore(term: Term, error: KvError): void {
    for (const proposal of this.#waiting.values()) {
      if (proposal.term >= term) break;
      this.#waiting.delete(proposal.serial);
      this.#forget(proposal).fail(error);
    }
  }

  /**
   * The state jumped over entries, and those of the proposals up to `serial` may be among them: nothing will tell what
   * became of them.
   *
   * @param error makes the error of each.
   */
  failUpTo(serial: number, error: () => KvError): void {
    for (const proposal of this.#waiting.values()) {
      if (proposal.serial > serial) break;
      this.#waiting.delete(proposal.serial);
      this.#forget(proposal).fail(error());
    }
  }

  /** The batch was refused for good. */
  failQueued(error: KvError): void {
    const failed = this.#queued;
    this.#queued = [];
    for (const proposal of failed) this.#forget(proposal).fail(error);
  }

  /** The waiter of an entry, or undefined when another member proposed it or its time is over. */
  take(origin: number, serial: number): Waiter<T> | undefined {
    if (origin !== this.#ids.origin) return undefined;
    const proposal = this.#waiting.get(serial);
    if (proposal === undefined) return undefined;
    this.#waiting.delete(serial);
    return this.#forget(proposal);
  }

  /** Tells those whose time is over: the queued ones that no leader was found, the others what `reason` says. */
  expire(reason: TimeoutReason): void {
    const limit = this.#clock.nowMs() - this.#timeoutMs;
    for (const proposal of this.#waiting.values()) {
      if (proposal.startedMs > limit) break;
      this.#waiting.delete(proposal.serial);
      this.#forget(proposal).fail(reason(proposal.startedMs));
    }
    let expired = 0;
    while (expired < this.#queued.length && (this.#queued[expired] as Proposal<T>).startedMs <= limit) expired += 1;
    for (const proposal of this.#queued.splice(0, expired)) {
      this.#forget(proposal).fail(new KvError("contextDeadlineExceeded"));
    }
  }

  /** Fails everything, as when the member stops. */
  failAll(error: KvError): void {
    this.failQueued(error);
    const failed = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const proposal of failed) this.#forget(proposal).fail(error);
  }
}
