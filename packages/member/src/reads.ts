import { KvError } from "@quorate/api";
import { type Clock, type LogIndex, noMember, type MemberId, Slice } from "@quorate/base";
import type { RequestIds } from "./identity.ts";

/** A read that waits until this member has applied all that was committed when the read came. */
export interface ReadWaiter {
  ready(): void;
  fail(error: KvError): void;
}

/** A confirmed read index, as raft reports it. */
export interface ConfirmedRead {
  readonly index: LogIndex;
  readonly context: Uint8Array;
}

interface Batch {
  readonly waiters: ReadWaiter[];
  readonly startedMs: number;
  /** The lead when the batch was last asked for. */
  lead: MemberId;
  /** Contexts under which the batch was asked for; each retry has its own. */
  readonly contexts: Set<number>;
  askedMs: number;
}

const retryMs = 500;
/** One turn answers reads for so long; thousands may wait for one index. */
const turnBudgetMs = 5;
/** Reads that are answered between two looks at the clock. */
const readsPerLook = 16;

/**
 * Linearizable reads. All reads of a turn share one read index; one batch is on its way, the next one gathers.
 */
export class Reads {
  readonly #clock: Clock;
  readonly #ids: RequestIds;
  readonly #timeoutMs: number;
  #gathering: ReadWaiter[] = [];
  #gatheringSinceMs = 0;
  #asked: Batch | undefined;
  /** Reads that can be answered, from `#readyAt` on. */
  #ready: ReadWaiter[] = [];
  #readyAt = 0;
  /** Confirmed batches that wait for the apply to reach their index, in order of index. */
  #confirmed: { readonly index: LogIndex; readonly waiters: ReadWaiter[]; readonly startedMs: number }[] = [];

  constructor(clock: Clock, ids: RequestIds, timeoutMs: number) {
    this.#clock = clock;
    this.#ids = ids;
    this.#timeoutMs = timeoutMs;
  }

  add(waiter: ReadWaiter): void {
    if (this.#gathering.length === 0) this.#gatheringSinceMs = this.#clock.nowMs();
    this.#gathering.push(waiter);
  }

  /** Reads that wait for the next batch. */
  get gatheringCount(): number {
    return this.#gathering.length;
  }

  /** True when `ask` would have something to ask. */
  get wantsToAsk(): boolean {
    return this.#asked === undefined && this.#gathering.length > 0;
  }

  /**
   * Asks for the index of the next batch, or again for one whose answer is late.
   *
   * @param ask hands a context to raft.
   */
  ask(lead: MemberId, ask: (context: Uint8Array) => void): void {
    const now = this.#clock.nowMs();
    if (this.#asked === undefined) {
      if (this.#gathering.length === 0) return;
      const waiters = this.#gathering;
      this.#gathering = [];
      this.#asked = {
        waiters,
        startedMs: this.#gatheringSinceMs,
        lead: noMember,
        contexts: new Set(),
        askedMs: Number.NEGATIVE_INFINITY,
      };
    }
    const batch = this.#asked;
    if (now - batch.askedMs < retryMs && batch.lead !== noMember) return;
    if (lead === noMember) return;
    batch.lead = lead;
    batch.askedMs = now;
    const serial = this.#ids.nextSerial();
    batch.contexts.add(serial);
    ask(this.#context(serial));
  }

  #context(serial: number): Uint8Array {
    const context = new DataView(new ArrayBuffer(8));
    context.setBigUint64(0, this.#ids.whole(serial));
    return new Uint8Array(context.buffer);
  }

  onConfirmed(states: readonly ConfirmedRead[], applied: LogIndex): void {
    for (const state of states) {
      const batch = this.#asked;
      if (batch === undefined || state.context.length !== 8) continue;
      const view = new DataView(state.context.buffer, state.context.byteOffset, 8);
      const serial = Number(view.getBigUint64(0) & 0xffffffffffffn);
      if (view.getUint16(0) !== this.#ids.origin || !batch.contexts.has(serial)) continue;
      this.#asked = undefined;
      if (state.index <= applied) this.#answer(batch.waiters);
      else this.#confirmed.push({ index: state.index, waiters: batch.waiters, startedMs: batch.startedMs });
    }
  }

  onApplied(applied: LogIndex): void {
    while (this.#confirmed.length > 0 && (this.#confirmed[0] as { index: LogIndex }).index <= applied) {
      this.#answer(this.#confirmed.shift()?.waiters ?? []);
    }
  }

  #answer(waiters: ReadWaiter[]): void {
    if (this.#ready.length > 0) {
      for (const waiter of waiters) this.#ready.push(waiter);
      return;
    }
    this.#ready = waiters;
    this.#answerSome();
  }

  /** Answers in the order of confirmation, for one turn. */
  readonly #answerSome = (): void => {
    const slice = new Slice(this.#clock, turnBudgetMs);
    while (this.#readyAt < this.#ready.length) {
      const waiter = this.#ready[this.#readyAt] as ReadWaiter;
      this.#readyAt += 1;
      waiter.ready();
      if (this.#readyAt % readsPerLook !== 0 || !slice.isOver) continue;
      if (this.#readyAt === this.#ready.length) break;
      // Under a load that lasts it never runs empty.
      this.#ready = this.#ready.slice(this.#readyAt);
      this.#readyAt = 0;
      this.#clock.nextTurn(this.#answerSome);
      return;
    }
    this.#ready = [];
    this.#readyAt = 0;
  };

  /** The lead changed: whoever waits for the old one must be asked again, by its client. */
  onLeadChanged(lead: MemberId): void {
    const batch = this.#asked;
    if (batch === undefined || batch.lead === noMember || batch.lead === lead) return;
    this.#asked = undefined;
    for (const waiter of batch.waiters) waiter.fail(new KvError("leaderChanged"));
  }

  expire(): void {
    const limit = this.#clock.nowMs() - this.#timeoutMs;
    if (this.#asked !== undefined && this.#asked.startedMs <= limit) {
      const { waiters } = this.#asked;
      this.#asked = undefined;
      for (const waiter of waiters) waiter.fail(new KvError("timeout"));
    }
    if (this.#gathering.length > 0 && this.#gatheringSinceMs <= limit) {
      const waiters = this.#gathering;
      this.#gathering = [];
      for (const waiter of waiters) waiter.fail(new KvError("timeout"));
    }
    while (this.#confirmed.length > 0 && (this.#confirmed[0] as { startedMs: number }).startedMs <= limit) {
      for (const waiter of this.#confirmed.shift()?.waiters ?? []) waiter.fail(new KvError("timeout"));
    }
  }

  failAll(error: KvError): void {
    const waiters = [
      ...this.#gathering,
      ...(this.#asked?.waiters ?? []),
      ...this.#confirmed.flatMap((batch) => batch.waiters),
      ...this.#ready.slice(this.#readyAt),
    ];
    this.#ready = [];
    this.#readyAt = 0;
    this.#gathering = [];
    this.#asked = undefined;
    this.#confirmed = [];
    for (const waiter of waiters) waiter.fail(error);
  }
}
