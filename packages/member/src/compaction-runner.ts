import { type Clock, Slice, type Timer } from "@quorate/base";
import type { CompactionProgress, MvccStore } from "@quorate/mvcc";
import type { MemberOptions } from "./options.ts";

type CompactionOptions = Pick<MemberOptions, "compactionBatchLimit" | "compactionSleepMs">;

/** Rows, or records of the index, between two looks at the clock. */
const rowsPerStep = 64;
/** Steps per turn at most: what they change is committed in one turn too, and each row may be on a page of its own. */
const stepsPerTurn = 8;
/** A turn begins no step after this time. */
const turnBudgetMs = 2;
/** A compaction that is held looks again after this time. */
const heldMs = 10;
/** It rests after it has worked for so long, too: a look at the index removes no rows. */
const workMs = 8;
const batchLimitDefault = 1000;
const sleepMsDefault = 10;

/**
 * Deletes compacted rows in steps, a few per turn of the loop, and rests after each batch, as in etcd: all members
 * compact at the same time, and where a machine has fewer processors than members they would leave none to those who
 * wait for an answer.
 */
export class CompactionRunner {
  onFailure: ((error: unknown) => void) | undefined;
  readonly #store: MvccStore;
  readonly #clock: Clock;
  readonly #batchLimit: number;
  readonly #sleepMs: number;
  readonly #isHeld: () => boolean;
  /** Since the last rest. */
  #removedBefore = 0;
  #workedMs = 0;
  #running = false;
  #stopped = false;
  #resting: Timer | undefined;
  #idle: (() => void)[] = [];

  /** @param isHeld whether deletes should wait, as for a commit of those before. */
  constructor(store: MvccStore, clock: Clock, options: CompactionOptions, isHeld: () => boolean) {
    this.#store = store;
    this.#clock = clock;
    this.#batchLimit = options.compactionBatchLimit ?? batchLimitDefault;
    this.#sleepMs = options.compactionSleepMs ?? sleepMsDefault;
    this.#isHeld = isHeld;
  }

  /** Goes to work if there is any. */
  start(): void {
    if (this.#running || this.#stopped || !this.#store.compacting) return;
    this.#running = true;
    this.#clock.nextTurn(this.#step);
  }

  stop(): void {
    this.#stopped = true;
    this.#resting?.cancel();
    this.#release();
  }

  /** Resolves when no compaction is left. */
  async idle(): Promise<void> {
    if (!this.#stopped && this.#store.compacting) {
      this.start();
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #release(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #work(): CompactionProgress {
    const startedMs = this.#clock.nowMs();
    const slice = new Slice(this.#clock, turnBudgetMs);
    let progress = this.#store.stepCompaction(rowsPerStep);
    for (let steps = 1; steps < stepsPerTurn && progress === "working"; steps++) {
      if (slice.isOver) break;
      progress = this.#store.stepCompaction(rowsPerStep);
    }
    this.#workedMs += this.#clock.nowMs() - startedMs;
    return progress;
  }

  #isTired(): boolean {
    const removed = this.#store.compactedRows;
    if (removed - this.#removedBefore < this.#batchLimit && this.#workedMs < workMs) return false;
    this.#removedBefore = removed;
    this.#workedMs = 0;
    return true;
  }

  #rest(ms: number): void {
    this.#resting = this.#clock.startTimer(ms, this.#step);
  }

  readonly #step = (): void => {
    if (this.#stopped) return;
    try {
      const progress = this.#isHeld() ? "held" : this.#work();
      if (progress === "idle") {
        this.#running = false;
        this.#release();
      } else if (progress === "held") this.#rest(heldMs);
      else if (this.#isTired()) this.#rest(this.#sleepMs);
      else this.#clock.nextTurn(this.#step);
    } catch (error) {
      this.#stopped = true;
      this.onFailure?.(error);
    }
  };
}
