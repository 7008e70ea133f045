import { KvError } from "@quorate/api";
import type { Backend } from "@quorate/backend";
import type { Clock, Logger, Timer } from "@quorate/base";
import type { MvccStore } from "@quorate/mvcc";

/** A state that a received snapshot replaced. */
export interface ReplacedState {
  /** Takes no more writes. */
  readonly backend: Backend;
  readonly store: MvccStore;
}

interface Retired extends ReplacedState {
  readonly endMs: number;
  timer: Timer | undefined;
}

/** How long the readers of a replaced database may go on; a copy of 8 GiB at 100 MB/s takes 90 s. */
const readersMaxMs = 5 * 60_000;
/** Replaced databases that are still read; one more, and the oldest is closed. */
const retiredMax = 2;
const lookMs = 100;

const replaced = (): KvError =>
  new KvError("timeout", {
    explanation:
      "what was being read was replaced by a snapshot of the leader, and not read to its end in time; ask again.",
  });

/**
 * Databases that received snapshots replaced: open until whoever reads them is done, with nothing of them on the disk
 * but the space of a file without a name. Readers that take too long fail with a `KvError`.
 */
export class RetiredStates {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #states: Retired[] = [];
  readonly #closing: Set<Promise<void>> = new Set();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Takes a state over; it is closed at once when nobody reads it. */
  add({ backend, store }: ReplacedState): void {
    const oldest = this.#states.length >= retiredMax ? this.#states[0] : undefined;
    if (oldest !== undefined) this.#close(oldest, replaced());
    const state: Retired = { backend, store, endMs: this.#clock.nowMs() + readersMaxMs, timer: undefined };
    this.#states.push(state);
    this.#look(state);
  }

  #look(state: Retired): void {
    const readers = state.backend.openReads() + state.store.openReads;
    if (readers === 0 || this.#clock.nowMs() >= state.endMs) {
      if (readers > 0) {
        this.#logger.log("warn", "closing a replaced database that is still read", {
          path: state.backend.path,
          readers,
        });
      }
      this.#close(state, replaced());
      return;
    }
    state.timer = this.#clock.startTimer(lookMs, () => this.#look(state));
  }

  #close(state: Retired, reason: KvError): void {
    state.timer?.cancel();
    this.#states.splice(this.#states.indexOf(state), 1);
    const closing = state.backend.close(reason).then(
      () => {
        this.#closing.delete(closing);
      },
      (error: unknown) => {
        this.#closing.delete(closing);
        this.#logger.log("warn", "failed to close a replaced database", { error: String(error) });
      },
    );
    this.#closing.add(closing);
  }

  /** Closes all at once; who still reads fails with "stopped". */
  async close(): Promise<void> {
    for (const state of this.#states.slice()) this.#close(state, new KvError("stopped"));
    await Promise.all(this.#closing);
  }
}
