import type { Clock } from "@quorate/base";
import type { CompactionProgress, MvccStore } from "@quorate/mvcc";

/** Rows per turn at most: the commit that follows has to stay far below a heartbeat, and each may be on a page of its own. */
const rowsPerTurn = 500;
/** A turn works until this much time has gone, which it looks at after so many rows. */
const turnBudgetMs = 2;
const rowsPerLook = 25;
/** A compaction that is held looks again after this time. */
const heldMs = 10;

/** Deletes compacted rows in steps, one per turn of the loop. */
export class CompactionRunner {
  onFailure: ((error: unknown) => void) | undefined;
  readonly #store: MvccStore;
  readonly #clock: Clock;
  readonly #isHeld: () => boolean;
  #running = false;
  #stopped = false;
  #idle: (() => void)[] = [];

  /** @param isHeld whether deletes should wait, as for a commit of those before. */
  constructor(store: MvccStore, clock: Clock, isHeld: () => boolean) {
    this.#store = store;
    this.#clock = clock;
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
    const endMs = this.#clock.nowMs() + turnBudgetMs;
    let progress: CompactionProgress = "working";
    for (let rows = 0; rows < rowsPerTurn && progress === "working"; rows += rowsPerLook) {
      progress = this.#store.stepCompaction(rowsPerLook);
      if (this.#clock.nowMs() >= endMs) break;
    }
    return progress;
  }

  readonly #step = (): void => {
    if (this.#stopped) return;
    try {
      const progress = this.#isHeld() ? "held" : this.#work();
      if (progress === "idle") {
        this.#running = false;
        this.#release();
      } else if (progress === "held") this.#clock.startTimer(heldMs, this.#step);
      else this.#clock.nextTurn(this.#step);
    } catch (error) {
      this.#stopped = true;
      this.onFailure?.(error);
    }
  };
}
