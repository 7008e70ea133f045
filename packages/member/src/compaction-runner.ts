import type { Clock } from "@quorate/base";
import type { MvccStore } from "@quorate/mvcc";

/** Rows per step; a step must stay far below a heartbeat, and the commit that follows it too: each may be on a page of its own. */
const rowsPerStep = 500;
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

  readonly #step = (): void => {
    if (this.#stopped) return;
    try {
      const progress = this.#isHeld() ? "held" : this.#store.stepCompaction(rowsPerStep);
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
