import { invariant } from "@quorate/base";
import type { Message, Ready } from "@quorate/raft";
import type { Wal } from "@quorate/wal";

/** What the writer reports: messages that a durable batch allows to leave, and the batch itself. */
export interface LogWriterSink {
  /** A batch is durable: its messages may leave now, and raft may count it. Called in the order of `append`. */
  onDurable(token: number, messages: readonly Message[]): void;
  /** A sync took this long. */
  onSynced(ms: number): void;
  /** The disk failed; nothing more may be promised. */
  onFailure(error: unknown): void;
}

interface Written {
  readonly token: number;
  readonly messages: readonly Message[];
  readonly mustSync: boolean;
  /** Called instead of the sink. */
  readonly onSynced?: () => void;
}

/**
 * Group commit: each batch is written into the page cache at once; one sync covers all that was written before it
 * started, and whatever arrives during a sync joins the next one.
 */
export class LogWriter {
  readonly #wal: Wal;
  readonly #sink: LogWriterSink;
  readonly #written: Written[] = [];
  #syncing = false;
  #syncStartedMs = 0;
  #failed = false;
  readonly #nowMs: () => number;

  constructor(wal: Wal, sink: LogWriterSink, nowMs: () => number) {
    this.#wal = wal;
    this.#sink = sink;
    this.#nowMs = nowMs;
  }

  /** Writes what `ready` wants to have durable. Its snapshot, if any, was saved before. */
  append(ready: Ready): void {
    invariant(!this.#failed, "nothing is appended after the log has failed");
    if (ready.hardState !== undefined || ready.entries.length > 0) this.#wal.append(ready.hardState, ready.entries);
    this.#written.push({ token: ready.token, messages: ready.messagesAfterAppend, mustSync: ready.mustSync });
    if (!this.#syncing) this.#next();
  }

  /** Calls `onSynced` when all that was written before is durable, even what could do without. */
  whenSynced(onSynced: () => void): void {
    invariant(!this.#failed, "nothing is synced after the log has failed");
    this.#written.push({ token: 0, messages: [], mustSync: true, onSynced });
    if (!this.#syncing) this.#next();
  }

  /** For how long the sync under way has been; 0 when there is none. */
  get syncingForMs(): number {
    return this.#syncing ? this.#nowMs() - this.#syncStartedMs : 0;
  }

  #next(): void {
    this.#release(this.#unsynced());
    if (this.#written.length === 0) return;
    const covered = this.#written.length;
    const startedMs = this.#nowMs();
    this.#syncStartedMs = startedMs;
    this.#syncing = true;
    this.#wal.sync().then(
      () => {
        this.#syncing = false;
        this.#sink.onSynced(this.#nowMs() - startedMs);
        this.#release(covered);
        this.#next();
      },
      (error: unknown) => {
        this.#failed = true;
        this.#sink.onFailure(error);
      },
    );
  }

  /** How many of the first batches need no sync. */
  #unsynced(): number {
    let count = 0;
    while (count < this.#written.length && !(this.#written[count] as Written).mustSync) count += 1;
    return count;
  }

  #release(count: number): void {
    for (const batch of this.#written.splice(0, count)) {
      if (batch.onSynced === undefined) this.#sink.onDurable(batch.token, batch.messages);
      else batch.onSynced();
    }
  }
}
