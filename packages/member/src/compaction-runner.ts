import type { Clock } from "@quorate/base";
import type { MvccStore } from "@quorate/mvcc";

/** Rows per step; a step must stay far below a heartbeat. */
const rowsPerStep = 1000;

/** Deletes compacted rows in steps, one per turn of the loop. */
export class CompactionRunner {
  onFailure: ((error: unknown) => void) | undefined;
  readonly #store: MvccStore;
  readonly #clock: Clock;
  #running = false;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(store: MvccStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
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

  readonly #step = (): void => {
    if (this.#stopped) return;
    try {
      const progress = this.#store.stepCompaction(rowsPerStep);
      if (progress === "idle") {
        this.#running = false;
        this.#release();
      } else if (progress === "held") this.#clock.startTimer(10, this.#step);
      else this.#clock.nextTurn(this.#step);
    } catch (error) {
      this.#stopped = true;
      this.onFailure?.(error);
    }
  };
}
