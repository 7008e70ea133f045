import { invariant, type Logger } from "@quorate/base";
import { CompactionJob } from "./compaction.ts";
import { HashCache, HashJob, type KvHash } from "./hash-kv.ts";
import { KeyIndex } from "./key-index.ts";
import { KeyWalk } from "./key-walk.ts";
import { withoutValue } from "./key-value.ts";
import { finishedCompact, readMark, scheduledCompact, writeMark } from "./meta-keys.ts";
import { Pins } from "./pins.ts";
import type { MetaStore, RowStore } from "./ports.ts";
import { type CursorHost, RangeCursor } from "./range-cursor.ts";
import { filterOf, keySpan, passes, type RangeOutcome, type RangeQuery, type RevisionRefusal } from "./range-query.ts";
import { RestoreJob } from "./restore.ts";
import { RowReads } from "./row-reads.ts";
import { RowSlab } from "./row-slab.ts";
import { type KeyState, stateOf, type TxnHost, WriteTxn } from "./write-txn.ts";

/** What a store may be told. */
export interface MvccOptions {
  readonly logger: Logger;
  /** Take a hash of the rows before each compaction deletes, as etcd does from 3.5.5 on; reads every row once more. */
  readonly hashCompactions?: boolean;
}

/** A compaction was accepted: reads below it fail from now on. */
export type CompactOutcome = { readonly kind: "ok" } | RevisionRefusal;

/** `held`: a cursor or hash still reads below the revision that waits to be compacted. */
export type CompactionProgress = "idle" | "working" | "held";

const noRows: readonly Uint8Array[] = [];

/**
 * The multi-version store: every change of a key is a row under its revision, and an index in memory knows the
 * revisions of each key. Synchronous; whatever could take long is a job or cursor that its owner steps.
 *
 * Life: `restore()` and step it to the end, then read, `begin()` transactions, `compact()` and step the compaction.
 */
export class MvccStore implements TxnHost, CursorHost {
  readonly index: KeyIndex = new KeyIndex();
  readonly rows: RowStore;
  readonly reads: RowReads;
  readonly slab: RowSlab;
  readonly #meta: MetaStore;
  readonly #logger: Logger;
  readonly #hashCompactions: boolean;
  readonly #pins: Pins = new Pins();
  readonly #hashes: HashCache = new HashCache();
  /** Revisions to compact to, oldest first; the first one is at work. */
  readonly #scheduled: number[] = [];
  #job: CompactionJob | undefined;
  #revision = 1;
  #compactRevision = -1;
  #finishedCompactRevision = -1;
  #txn: WriteTxn | undefined;
  #restored = false;

  constructor(rows: RowStore, meta: MetaStore, options: MvccOptions) {
    this.rows = rows;
    this.slab = new RowSlab(rows);
    this.reads = new RowReads(rows);
    this.#meta = meta;
    this.#logger = options.logger;
    this.#hashCompactions = options.hashCompactions ?? false;
  }

  /** The revision of the last change; 1 when there was none. */
  get revision(): number {
    return this.#revision;
  }

  /** Reads below this revision are refused; −1 when nothing was ever compacted. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** The last compaction whose rows are gone; −1 when there was none. */
  get finishedCompactRevision(): number {
    return this.#finishedCompactRevision;
  }

  /** Cursors that pinned their revision and hashes that are under way. */
  get openReads(): number {
    return this.#pins.readers;
  }

  /** Hashes that compactions took, newest first. */
  get compactionHashes(): readonly KvHash[] {
    return this.#hashes.all;
  }

  /** Begins to rebuild the index from rows; once per store. An unfinished compaction is scheduled again at the end. */
  restore(): RestoreJob {
    invariant(this.index.newestMain === 0 && !this.#restored, "a store is restored once");
    return new RestoreJob(this.index, this.rows, (lastRevision) => this.#onRestored(lastRevision));
  }

  #onRestored(lastRevision: number): void {
    const finished = readMark(this.#meta, finishedCompact);
    const scheduled = readMark(this.#meta, scheduledCompact);
    this.#revision = Math.max(1, lastRevision, finished, scheduled);
    this.#finishedCompactRevision = finished;
    this.#compactRevision = finished;
    this.#restored = true;
    if (finished >= 0) {
      this.#logger.log("info", "restored last compact revision", { "restored-compact-revision": finished });
    }
    if (scheduled > finished) {
      this.#compactRevision = scheduled;
      this.#scheduled.push(scheduled);
      this.#logger.log("info", "resume scheduled compaction", { "scheduled-compact-revision": scheduled });
    }
  }

  /**
   * Tells why `revision` cannot be read, undefined when it can; 0 is the newest. A negative revision is judged as it
   * stands, as etcd does for ranges inside transactions; `range` takes it for the newest.
   */
  refusal(revision: number): RevisionRefusal | undefined {
    return revision === 0 ? undefined : this.#refusal(revision, this.#revision);
  }

  #refusal(revision: number, newest: number): RevisionRefusal | undefined {
    if (revision > newest) return { kind: "future", revision: newest };
    if (revision < this.#compactRevision) return { kind: "compacted", compactRevision: this.#compactRevision };
    return undefined;
  }

  /** Answers a range in one go, at the revision it names or the newest one. */
  range(query: RangeQuery): RangeOutcome {
    return this.rangeAt(query, this.#revision);
  }

  /** As `range`, with `newest` for the revision of the store. */
  rangeAt(query: RangeQuery, newest: number): RangeOutcome {
    const asked = query.revision ?? 0;
    const at = asked <= 0 ? newest : asked;
    const refusal = this.#refusal(at, newest);
    if (refusal !== undefined) return refusal;
    if (query.rangeEnd === undefined || query.rangeEnd.length === 0) return this.#point(query, at, newest);
    const cursor = new RangeCursor(this, query, at, newest, at >= this.index.newestMain, undefined);
    const slice = cursor.step(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    if (slice.kind !== "slice") return slice;
    invariant(slice.done, "a range in one step was not done");
    return { kind: "ok", revision: newest, rows: slice.rows, count: cursor.count, more: cursor.more };
  }

  /** One key: no order, no limit, nothing to walk. */
  #point(query: RangeQuery, at: number, newest: number): RangeOutcome {
    const { index } = this;
    const { records } = index;
    const slot = index.find(query.key);
    const record = slot === 0 || at >= index.newestMain ? slot : index.at(slot, at);
    if (record === 0 || records.isTombstone(record)) {
      return { kind: "ok", revision: newest, rows: noRows, count: 0, more: false };
    }
    const filter = filterOf(query);
    const main = records.main(record);
    const wanted =
      query.countOnly !== true && (filter === undefined || passes(filter, records.createRevision(record), main));
    if (!wanted) return { kind: "ok", revision: newest, rows: noRows, count: 1, more: false };
    const row = this.reads.row(main, records.sub(record));
    const rows = [query.keysOnly === true ? withoutValue(row) : row];
    return { kind: "ok", revision: newest, rows, count: 1, more: false };
  }

  /**
   * Begins a range that is answered in steps, all at the revision that is the newest now, or the one the query names.
   * Keys of the query are kept.
   *
   * @param pin true: compactions wait until the cursor is done or closed, so the owner bounds its life.
   *   false: a step after a compaction past the revision says `compacted`.
   */
  rangeCursor(query: RangeQuery, pin: boolean): RangeCursor | RevisionRefusal {
    const asked = query.revision ?? 0;
    const at = asked <= 0 ? this.#revision : asked;
    const refusal = this.#refusal(at, this.#revision);
    if (refusal !== undefined) return refusal;
    if (pin) this.#pins.add(at);
    const onClose = pin ? (): void => this.#pins.release(at) : undefined;
    return new RangeCursor(this, query, at, this.#revision, at >= this.index.newestMain, onClose);
  }

  /** Begins the one write transaction there can be. */
  begin(): WriteTxn {
    invariant(this.#restored, "a store is restored before it is written");
    invariant(this.#txn === undefined, "a write transaction is open already");
    this.#txn = new WriteTxn(this, this.#revision + 1);
    return this.#txn;
  }

  /** For the open transaction only. */
  commit(revision: number): void {
    invariant(this.#txn !== undefined, "no write transaction is open");
    invariant(revision >= this.#revision, "the revision fell", () => ({ revision, before: this.#revision }));
    this.#txn = undefined;
    this.#revision = revision;
  }

  /** Where a key stands now, an open transaction's changes included; undefined when it does not exist. */
  state(key: Uint8Array): KeyState | undefined {
    return stateOf(this.index, this.index.find(key));
  }

  /**
   * Visits the newest state of each key of a range, in order of keys, for compares.
   *
   * @param visit returns false to stop; it does not write.
   * @returns false when it was stopped.
   */
  visitStates(key: Uint8Array, rangeEnd: Uint8Array, visit: (state: KeyState) => boolean): boolean {
    const span = keySpan(key, rangeEnd);
    if (span.single) {
      const state = this.state(key);
      return state === undefined || visit(state);
    }
    const walk = new KeyWalk(this.index, span.from, span.to, Number.POSITIVE_INFINITY);
    while (walk.next()) if (!visit(stateOf(this.index, walk.record) as KeyState)) return false;
    return true;
  }

  /** Returns the encoded `KeyValue` of a change that was not compacted; `KeyState` and `Change` name it. */
  row(revision: number, sub: number): Uint8Array {
    return this.reads.row(revision, sub);
  }

  /** Compacts to `revision`: reads below it fail at once, rows go as `stepCompaction` is called. */
  compact(revision: number): CompactOutcome {
    invariant(this.#txn === undefined, "a write transaction is open");
    if (revision <= this.#compactRevision) return { kind: "compacted", compactRevision: this.#compactRevision };
    if (revision > this.#revision) return { kind: "future", revision: this.#revision };
    this.#compactRevision = revision;
    writeMark(this.#meta, scheduledCompact, revision);
    this.#scheduled.push(revision);
    return { kind: "ok" };
  }

  /** Whether `stepCompaction` has something to do. */
  get compacting(): boolean {
    return this.#scheduled.length > 0;
  }

  /** Rows that compactions have removed since the start. */
  compactedRows: number = 0;

  /** Does about `rowsMax` rows or index records' worth of the oldest scheduled compaction. */
  stepCompaction(rowsMax: number): CompactionProgress {
    const revision = this.#scheduled[0];
    if (revision === undefined) return "idle";
    if (this.#job === undefined) {
      if (this.#pins.anyBelow(revision)) return "held";
      this.#job = this.#startJob(revision);
    }
    const before = this.#job.removedRows;
    const done = this.#job.step(rowsMax);
    this.compactedRows += this.#job.removedRows - before;
    if (!done) return "working";
    writeMark(this.#meta, finishedCompact, revision);
    this.#finishedCompactRevision = revision;
    if (this.#job.hash !== undefined) this.#hashes.add(this.#job.hash);
    this.#logger.log("info", "finished scheduled compaction", {
      "compact-revision": revision,
      "deleted-rows": this.#job.droppedRows,
    });
    this.#job = undefined;
    this.#scheduled.shift();
    return this.#scheduled.length > 0 ? "working" : "idle";
  }

  #startJob(revision: number): CompactionJob {
    const hashing = this.#hashCompactions
      ? new HashJob(this.index, this.rows, revision, this.#finishedCompactRevision)
      : undefined;
    return new CompactionJob(this.index, this.rows, revision, hashing);
  }

  /**
   * Begins HashKV at `revision`, 0 for the newest. A further compaction waits until the job is done or closed.
   * At a revision that is named and whose compaction took a hash, the job gives that one, with the compact revision
   * before it.
   */
  hashByRev(revision: number): HashJob | RevisionRefusal {
    const at = revision === 0 ? this.#revision : revision;
    if (at > this.#revision) return { kind: "future", revision: this.#revision };
    if (at > 0 && at < this.#compactRevision) return { kind: "compacted", compactRevision: this.#compactRevision };
    const cached = revision === 0 ? undefined : this.#hashes.at(at);
    if (cached !== undefined) return HashJob.known(cached, this.index, this.rows);
    const compactRevision = this.#compactRevision;
    this.#pins.add(compactRevision);
    return new HashJob(this.index, this.rows, at, compactRevision, () => this.#pins.release(compactRevision));
  }
}
