import { AbortError, type Clock, type Logger, type Timer } from "@quorate/base";
import type { Batch } from "./batch.ts";
import type { Store } from "./store.ts";
import type { BackendOptions, BatchTx } from "./types.ts";

/** Who is told of commits. */
export interface CommitListener {
  readonly path: string;
  onBeforeCommit: ((tx: BatchTx) => void) | undefined;
  onCommitted: ((ms: number) => void) | undefined;
  onFailure: ((error: unknown) => void) | undefined;
}

/**
 * When the batch is written: one commit is under way at most, and whoever asks meanwhile shares the one after it.
 *
 * ```
 *  idle ──commit──▶ running ──commit──▶ running, next waits ──▶ running …
 *                      └──── failed: for good, since nobody knows what the file holds
 * ```
 */
export class CommitPipeline {
  readonly #listener: CommitListener;
  readonly #batch: Batch;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #batchIntervalMs: number;
  readonly #sync: boolean;
  #timer: Timer | undefined;
  /** The commit under way, and the one that waits for it. */
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Commits wait for this while files change places. */
  #held: Promise<void> | undefined;
  #release: () => void = () => undefined;
  /** Only who asks gets a commit. */
  #onlyAsked = false;
  /** Nothing is committed any more. */
  #ended = false;

  constructor(listener: CommitListener, batch: Batch, options: BackendOptions) {
    this.#listener = listener;
    this.#batch = batch;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#batchIntervalMs = options.batchIntervalMs;
    this.#sync = options.noSync !== true;
  }

  /** What a commit failed with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @returns resolves when everything written before this call is durable. */
  commit(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#ended) return Promise.reject(new AbortError("the database is being closed or replaced"));
    if (this.#held !== undefined) return this.#held.then(() => this.commit());
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#start();
    const next = this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    this.#next = next;
    return next;
  }

  /** Commits the batch at once when it is full, else some time after its first change. */
  onPending(full: boolean): void {
    if (full) this.#clock.nextTurn(() => this.#commitUnasked());
    else if (!this.#ended) {
      this.#timer = this.#clock.startTimer(this.#batchIntervalMs, () => this.#commitUnasked());
    }
  }

  #commitUnasked(): void {
    if (this.#onlyAsked || this.#ended || this.#failure !== undefined) return;
    // A failure was noted and told to onFailure; nobody waits for this promise.
    this.commit().catch(() => undefined);
  }

  #start(): Promise<void> {
    this.cancelTimer();
    const batch = this.#batch;
    const store = batch.store;
    try {
      this.#listener.onBeforeCommit?.(batch);
      if (batch.pending === 0) return Promise.resolve();
      batch.seal();
    } catch (error) {
      return Promise.reject(this.fail(error));
    }
    const run = this.#publish(store);
    this.#running = run;
    return run;
  }

  async #publish(store: Store): Promise<void> {
    const startedMs = this.#clock.nowMs();
    try {
      await store.publish(this.#sync);
      this.#listener.onCommitted?.(this.#clock.nowMs() - startedMs);
    } catch (error) {
      throw this.fail(error);
    } finally {
      this.#running = undefined;
    }
  }

  /** Notes that nobody knows any more what the file holds; returns the error. */
  fail(error: unknown): unknown {
    if (this.#failure === undefined) {
      const { path } = this.#listener;
      this.#failure = { error };
      this.#logger.log("error", "failed to commit the database", { path, error: String(error) });
      this.#listener.onFailure?.(error);
    }
    return error;
  }

  /** Lets commits that are asked for from now on wait until `letGo`, and waits for those that were. */
  async hold(): Promise<void> {
    this.#held = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    await this.#next;
    await this.#running;
  }

  /** Ends a hold, if there is one. */
  letGo(): void {
    this.#held = undefined;
    this.#release();
  }

  /** From now on a batch that is full or old is no reason to commit. */
  waitToBeAsked(): void {
    this.#onlyAsked = true;
    this.cancelTimer();
  }

  cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Nothing more is committed after what is under way. */
  end(): void {
    this.#ended = true;
    this.cancelTimer();
  }

  /** Resolves when nothing is written any more, whether that went well or not. */
  async settle(): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#running?.catch(() => undefined);
  }
}
