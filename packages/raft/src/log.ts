import { invariant, type LogIndex, type Term } from "@quorate/base";
import { entrySize } from "./codec/entry.ts";
import { noEntries } from "./message.ts";
import { type Entry, EntryType, type Snapshot } from "./types.ts";

/** Tells whether an entry changes the configuration. */
export const isConfChange = (entry: Entry): boolean => entry.type !== EntryType.normal;

/**
 * The replicated log from the last compaction on, all of it in memory, and how far each thing has come.
 *
 * ```
 *   compacted │ first ………………………………………………………………………………… last
 *             │   applied ≤ applying ≤ committed
 *             │   stable ≤ inProgress ≤ last
 * ```
 *
 * - `stable`: durable here. `inProgress`: handed out to be made durable.
 * - `applied`: acted upon. `applying`: handed out to be acted upon; never past `stable`.
 * - The compacted entry right before `first` keeps its term, so that the first entry can be matched.
 *
 * A received snapshot replaces the whole log at once and stays `pendingSnapshot` until it is durable.
 */
export class RaftLog {
  /** Entry `index` is at `#entries[index - #first]`. */
  readonly #entries: Entry[] = [];
  #first: LogIndex;
  #compactedTerm: Term;
  committed: LogIndex;
  applying: LogIndex;
  applied: LogIndex;
  stable: LogIndex;
  inProgress: LogIndex;
  /** A snapshot that is not durable yet; nothing is applied meanwhile. */
  pendingSnapshot: Snapshot | undefined = undefined;
  /** The pending snapshot was handed out. */
  snapshotInProgress = false;
  readonly #applyingBytesMax: number;
  #applyingBytes = 0;
  #applyingPaused = false;
  /** What was handed out to be applied and is not yet, oldest first. */
  readonly #applyQueue: (readonly Entry[])[] = [];
  /** The last result of `entries`: followers at the same position share one array. */
  #sliced: readonly Entry[] = noEntries;
  #slicedLo: LogIndex = 0;
  #slicedBytesMax = 0;

  /** @param applyingBytesMax encoded bytes of entries that may be handed out to be applied at a time; one entry always may. */
  constructor(snapshotIndex: LogIndex, snapshotTerm: Term, entries: readonly Entry[], applyingBytesMax: number) {
    this.#first = snapshotIndex + 1;
    this.#compactedTerm = snapshotTerm;
    for (const entry of entries) {
      invariant(entry.index === this.lastIndex + 1, "the log has a hole", () => ({ entry, last: this.lastIndex }));
      this.#entries.push(entry);
    }
    this.committed = snapshotIndex;
    this.applying = snapshotIndex;
    this.applied = snapshotIndex;
    this.stable = this.lastIndex;
    this.inProgress = this.lastIndex;
    this.#applyingBytesMax = applyingBytesMax;
  }

  get firstIndex(): LogIndex {
    return this.#first;
  }

  get lastIndex(): LogIndex {
    return this.#first + this.#entries.length - 1;
  }

  get lastTerm(): Term {
    const length = this.#entries.length;
    return length === 0 ? this.#compactedTerm : (this.#entries[length - 1] as Entry).term;
  }

  /** Returns the term of the entry at `index`, undefined when the log does not hold it. */
  term(index: LogIndex): Term | undefined {
    const at = index - this.#first;
    if (at === -1) return this.#compactedTerm;
    return at < 0 || at >= this.#entries.length ? undefined : (this.#entries[at] as Entry).term;
  }

  matchTerm(index: LogIndex, term: Term): boolean {
    return this.term(index) === term;
  }

  /** Tells whether a log that ends in (`term`, `index`) is no older than this one (§3.6.1). */
  isUpToDate(index: LogIndex, term: Term): boolean {
    const ours = this.lastTerm;
    return term > ours || (term === ours && index >= this.lastIndex);
  }

  /** Returns the entry at `index`, which the log must hold. */
  at(index: LogIndex): Entry {
    const entry = this.#entries[index - this.#first];
    invariant(entry !== undefined, "the log does not hold this entry", () => ({ index, first: this.#first }));
    return entry;
  }

  /**
   * Returns entries [lo, hi), fewer when they would exceed `bytesMax` encoded bytes, but at least one if there is one.
   * The result may be shared and must not be changed.
   */
  entries(lo: LogIndex, hi: LogIndex, bytesMax: number): readonly Entry[] {
    if (lo >= hi) return noEntries;
    invariant(lo >= this.#first, "entries were compacted", () => ({ lo, first: this.#first }));
    invariant(hi <= this.lastIndex + 1, "entries are past the end of the log", () => ({ hi, last: this.lastIndex }));
    const from = lo - this.#first;
    const most = hi - this.#first;
    let to = from;
    let bytes = 0;
    while (to < most) {
      bytes += entrySize(this.#entries[to] as Entry);
      if (bytes > bytesMax && to > from) break;
      to += 1;
    }
    return this.#entries.slice(from, to);
  }

  /** Returns the entries from `lo` to the end of the log, limited like `entries`; the log must hold `lo` - 1. */
  tail(lo: LogIndex, bytesMax: number): readonly Entry[] {
    if (lo === this.#slicedLo && bytesMax === this.#slicedBytesMax) return this.#sliced;
    this.#sliced = this.entries(lo, this.lastIndex + 1, bytesMax);
    this.#slicedLo = lo;
    this.#slicedBytesMax = bytesMax;
    return this.#sliced;
  }

  #forgetSlice(): void {
    this.#sliced = noEntries;
    this.#slicedLo = 0;
  }

  /** Appends entries that follow the last one. The array is not kept. */
  append(entries: readonly Entry[]): void {
    this.#forgetSlice();
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      invariant(entry.index === this.lastIndex + 1, "an append leaves a hole", () => ({ entry, last: this.lastIndex }));
      this.#entries.push(entry);
    }
  }

  /**
   * Takes entries that follow (`prevIndex`, `prevTerm`) from a leader (§3.5). What conflicts with them is dropped.
   *
   * @returns the index of the last of them, undefined when the log does not hold the entry before.
   */
  maybeAppend(
    prevIndex: LogIndex,
    prevTerm: Term,
    entries: readonly Entry[],
    leaderCommit: LogIndex,
  ): LogIndex | undefined {
    if (!this.matchTerm(prevIndex, prevTerm)) return undefined;
    const last = prevIndex + entries.length;
    let known = 0;
    while (known < entries.length) {
      const entry = entries[known] as Entry;
      if (this.term(entry.index) !== entry.term) break;
      known += 1;
    }
    if (known < entries.length) {
      const from = prevIndex + known + 1;
      invariant(from > this.committed, "an entry conflicts with a committed one", () => ({
        index: from,
        committed: this.committed,
      }));
      this.#truncate(from);
      this.append(known === 0 ? entries : entries.slice(known));
    }
    this.commitTo(Math.min(leaderCommit, last));
    return last;
  }

  /** Drops the entries from `from` on. What was stable or on its way of them is so no more. */
  #truncate(from: LogIndex): void {
    if (from > this.lastIndex) return;
    this.#forgetSlice();
    this.#entries.length = from - this.#first;
    this.stable = Math.min(this.stable, from - 1);
    this.inProgress = Math.min(this.inProgress, from - 1);
  }

  /**
   * Finds where this log may agree with one that has `term` at `index` or ends there: the last index up to `index`
   * whose term here is not above `term`.
   *
   * @returns the index with its term here; term 0 when it was compacted or lies outside.
   */
  findConflictByTerm(index: LogIndex, term: Term): { readonly index: LogIndex; readonly term: Term } {
    for (let at = index; at > 0; at--) {
      const ours = this.term(at);
      if (ours === undefined) return { index: at, term: 0 };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: 0, term: 0 };
  }

  commitTo(index: LogIndex): void {
    if (index <= this.committed) return;
    invariant(index <= this.lastIndex, "commit is past the end of the log", () => ({ index, last: this.lastIndex }));
    this.committed = index;
  }

  /** Commits up to `index` if its entry is of `term`: only entries of the leader's own term count replicas (§3.6.2). */
  maybeCommit(index: LogIndex, term: Term): boolean {
    if (index <= this.committed || !this.matchTerm(index, term)) return false;
    this.committed = index;
    return true;
  }

  /** Replaces everything by a snapshot. */
  restore(snapshot: Snapshot): void {
    const { index, term } = snapshot.metadata;
    this.#forgetSlice();
    this.#entries.length = 0;
    this.#first = index + 1;
    this.#compactedTerm = term;
    this.committed = index;
    this.stable = index;
    this.inProgress = index;
    this.pendingSnapshot = snapshot;
    this.snapshotInProgress = false;
  }

  /** The snapshot at `index` is durable; another one may have replaced it meanwhile. */
  stableSnapshotTo(index: LogIndex): void {
    if (this.pendingSnapshot?.metadata.index !== index) return;
    this.pendingSnapshot = undefined;
    this.snapshotInProgress = false;
  }

  hasUnstableEntries(): boolean {
    return this.stable < this.lastIndex;
  }

  hasEntriesToAppend(): boolean {
    return this.inProgress < this.lastIndex;
  }

  /** Hands out what is not on its way to the disk yet, entries and snapshot alike. */
  takeEntriesToAppend(): readonly Entry[] {
    if (this.pendingSnapshot !== undefined) this.snapshotInProgress = true;
    if (!this.hasEntriesToAppend()) return noEntries;
    const entries = this.#entries.slice(this.inProgress + 1 - this.#first);
    this.inProgress = this.lastIndex;
    return entries;
  }

  /** The log up to `index` is durable, unless an entry of another term stands there by now. */
  stableTo(index: LogIndex, term: Term): void {
    if (index <= this.stable || !this.matchTerm(index, term)) return;
    this.stable = index;
    this.inProgress = Math.max(this.inProgress, index);
  }

  /** The last index that may be applied: committed, and durable here. */
  get #appliable(): LogIndex {
    return Math.min(this.committed, this.stable);
  }

  hasCommittedEntries(): boolean {
    return !this.#applyingPaused && this.pendingSnapshot === undefined && this.applying < this.#appliable;
  }

  /** Hands out the next entries to apply, within the limit on what is being applied. */
  takeCommittedEntries(): readonly Entry[] {
    if (!this.hasCommittedEntries()) return noEntries;
    const appliable = this.#appliable;
    const entries = this.entries(this.applying + 1, appliable + 1, this.#applyingBytesMax - this.#applyingBytes);
    for (let i = 0; i < entries.length; i++) this.#applyingBytes += entrySize(entries[i] as Entry);
    this.applying += entries.length;
    this.#applyingPaused = this.#applyingBytes >= this.#applyingBytesMax || this.applying < appliable;
    this.#applyQueue.push(entries);
    return entries;
  }

  /**
   * Everything up to `index` was applied. An index that a snapshot has passed meanwhile changes nothing but the limits.
   *
   * @returns the payload bytes of what is finished by this.
   */
  appliedTo(index: LogIndex): number {
    invariant(index <= this.committed, "applied is past commit", () => ({ index, committed: this.committed }));
    let payload = 0;
    for (let batch = this.#applyQueue[0]; batch !== undefined; batch = this.#applyQueue[0]) {
      let done = 0;
      while (done < batch.length && (batch[done] as Entry).index <= index) {
        this.#applyingBytes -= entrySize(batch[done] as Entry);
        payload += (batch[done] as Entry).data.length;
        done += 1;
      }
      if (done === batch.length) {
        this.#applyQueue.shift();
        continue;
      }
      if (done > 0) this.#applyQueue[0] = batch.slice(done);
      break;
    }
    this.applied = Math.max(this.applied, index);
    this.applying = Math.max(this.applying, this.applied);
    this.#applyingPaused = this.#applyingBytes >= this.#applyingBytesMax;
    return payload;
  }

  /** Drops the entries up to `index`, which must be applied, from memory; what is gone already is left alone. */
  compact(index: LogIndex): void {
    if (index < this.#first) return;
    invariant(index <= this.applied, "compaction is past applied", () => ({ index, applied: this.applied }));
    invariant(index <= this.stable, "compaction is past stable", () => ({ index, stable: this.stable }));
    this.#forgetSlice();
    this.#compactedTerm = this.at(index).term;
    this.#entries.splice(0, index + 1 - this.#first);
    this.#first = index + 1;
  }

  /** Tells whether a change of members is known to be committed but not applied yet. */
  hasUnappliedConfChange(): boolean {
    for (let index = Math.max(this.applied + 1, this.#first); index <= this.committed; index++) {
      if (isConfChange(this.at(index))) return true;
    }
    return false;
  }
}
