import { type LogIndex, noMember, type Term } from "@quorate/base";
import { decodeHardState, EntryType, type HardState } from "@quorate/raft";
import { Terms } from "./log-terms.ts";
import { type EntryFacts, entryHash, isChange, type Ledger, type LedgerEntry } from "./ledger.ts";

const emptyHardState: HardState = { term: 0, vote: noMember, commit: 0 };

/** One record that was written and is not durable yet. */
type PendingRecord =
  | { readonly kind: "entry"; readonly inode: number; readonly index: LogIndex; readonly term: Term }
  | { readonly kind: "state"; readonly inode: number; readonly state: HardState }
  | { readonly kind: "snapshot"; readonly inode: number; readonly index: LogIndex; readonly term: Term };

/** What a process found of its log when it started. */
export interface FoundLog {
  readonly entries: readonly EntryFacts[];
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: Term;
  readonly hardState: HardState;
}

/** Who is told of what a member writes into its log. */
export interface LogReader {
  /** An entry was written; `previousTerm` is −1 when the log does not hold the entry before it. */
  onEntry(entry: LedgerEntry, hash: number, previousTerm: Term): void;
  /** Entries of the log are about to be replaced from `index` on. */
  onTruncate(index: LogIndex, term: Term): void;
  onHardState(state: HardState, before: HardState): void;
  /** What is durable may have changed. */
  onDurable(): void;
}

const u32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0;

/**
 * What a member's log holds: as it was written, and as far as it is durable. Read from the bytes that go to the disk and
 * from the syncs that end, so it does not rest on what the member believes.
 *
 * ```
 *   frame   8 bytes length, then walpb.Record { 1 type, 2 crc, 3 data }, then padding
 *   entry   raftpb.Entry { 1 type, 2 term, 3 index, 4 data }
 * ```
 */
export class MemberLog {
  readonly written: Terms = new Terms();
  readonly durable: Terms = new Terms();
  writtenState: HardState = emptyHardState;
  durableState: HardState = emptyHardState;
  readonly #ledger: Ledger;
  readonly #reader: LogReader;
  readonly #isNamed: (inode: number) => boolean;
  readonly #named: Set<number> = new Set();
  /** What was durable by the word of a disk that lost it. */
  #excused: Terms | undefined;
  #pending: PendingRecord[] = [];
  /** The record of a snapshot that is durable, where the commit index that makes it count is not yet. */
  #arriving: { readonly index: LogIndex; readonly term: Term; last: LogIndex } | undefined;
  /** How many records of each file were written, and how many of them are durable. */
  readonly #counts: Map<number, { written: number; durable: number }> = new Map();
  #at = 0;
  /** What the log holds is known: no power cut has left more of it than was durable since a start has read it. */
  #isFound = true;

  /** @param isNamed whether the name of a file would survive a power cut. */
  constructor(ledger: Ledger, reader: LogReader, isNamed: (inode: number) => boolean) {
    this.#ledger = ledger;
    this.#reader = reader;
    this.#isNamed = isNamed;
  }

  termAt(index: LogIndex): Term {
    return this.written.at(index);
  }

  /** Whether an entry is durable here, or was promised by a disk that lost it without the fault of its member. */
  holds(index: LogIndex, term: Term): boolean {
    if (this.durable.at(index) === term || this.durable.base >= index) return true;
    return this.#excused !== undefined && (this.#excused.at(index) === term || this.#excused.base >= index);
  }

  /**
   * Looks for what was durable and was not found at a start.
   *
   * @returns what is missing; undefined when nothing is. What a newer entry took the place of is not missing.
   */
  missingFrom(found: FoundLog): string | undefined {
    const { durable, durableState } = this;
    const { entries, snapshotIndex, hardState } = found;
    const last = entries.at(-1);
    const lastIndex = last?.index ?? snapshotIndex;
    // A snapshot counts once the hard state vouches for it: until then a start finds the log as it was before.
    if (durable.base <= durableState.commit) {
      let replaced = false;
      for (const { index, term } of entries) {
        const known = durable.at(index);
        if (term > known) replaced = true;
        else if (term < known && !replaced) return `entry ${index} of term ${known}, where it has one of term ${term}`;
      }
      if (lastIndex < durable.last && !replaced) return `entries ${lastIndex + 1} to ${durable.last}`;
    }
    if (hardState.term < durableState.term) return `term ${durableState.term}`;
    const sameTerm = hardState.term === durableState.term;
    if (sameTerm && durableState.vote !== noMember && hardState.vote !== durableState.vote) return "its vote";
    return undefined;
  }

  /** Its disk may have fallen back: a process that starts may write older states than were there. */
  distrust(): void {
    this.writtenState = emptyHardState;
  }

  /** Its disk lost what it had promised, and the world allows that: others need not know. */
  excuse(): void {
    const excused = new Terms();
    excused.copyFrom(this.durable);
    this.#excused = excused;
  }

  get last(): LogIndex {
    return this.written.last;
  }

  entryAt(index: LogIndex): LedgerEntry | undefined {
    const term = this.written.at(index);
    return term === 0 ? undefined : this.#ledger.find(index, term);
  }

  /** Changes of members above `index`, as written. */
  changesAbove(index: LogIndex): number {
    let count = 0;
    for (let at = index + 1; at <= this.written.last; at++) {
      const entry = this.entryAt(at);
      if (entry !== undefined && isChange(entry)) count += 1;
    }
    return count;
  }

  /** Takes what was written to a segment: whole frames. */
  onWrite(inode: number, bytes: Uint8Array): void {
    let at = 0;
    while (at + 8 <= bytes.length) {
      const size = u32(bytes, at);
      if (size === 0) return;
      const flags = bytes[at + 7] as number;
      const padding = (flags & 0x80) === 0 ? 0 : flags & 7;
      this.#record(inode, bytes, at + 8, at + 8 + size);
      at += 8 + size + padding;
    }
  }

  #varint(bytes: Uint8Array): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[this.#at] as number;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  #record(inode: number, bytes: Uint8Array, from: number, to: number): void {
    this.#at = from;
    let type = 0;
    while (this.#at < to) {
      const tag = this.#varint(bytes);
      const value = this.#varint(bytes);
      if (tag === 8) type = value;
      if (tag !== 26) continue;
      const start = this.#at;
      if (type === 2) this.#entry(inode, bytes, start, start + value);
      else if (type === 3) this.#state(inode, decodeHardState(bytes.slice(start, start + value)));
      else if (type === 5) this.#snapshot(inode, bytes, start, start + value);
      this.#at = start + value;
    }
  }

  #entry(inode: number, bytes: Uint8Array, from: number, to: number): void {
    let type = 0;
    let term = 0;
    let index = 0;
    let dataFrom = to;
    this.#at = from;
    while (this.#at < to) {
      const tag = this.#varint(bytes);
      const value = this.#varint(bytes);
      if (tag === 8) type = value;
      else if (tag === 16) term = value;
      else if (tag === 24) index = value;
      else {
        dataFrom = this.#at;
        this.#at += value;
      }
    }
    const dataTo = this.#at;
    if (index <= this.written.last) this.#reader.onTruncate(index, term);
    const before = this.written.at(index - 1);
    const isUnknown = index - 1 < this.written.base || (before === 0 && index > 1 && !this.#isFound);
    const previousTerm = isUnknown ? -1 : before;
    const hash = entryHash(type, bytes, dataFrom, dataTo);
    const known = this.#ledger.find(index, term);
    const entry =
      known ?? this.#ledger.add(index, term, type as EntryType, bytes.subarray(dataFrom, dataTo), hash, previousTerm);
    this.#reader.onEntry(entry, hash, previousTerm);
    this.written.set(index, term);
    this.#pend({ kind: "entry", inode, index, term });
    this.#at = dataTo;
  }

  #state(inode: number, state: HardState): void {
    const before = this.writtenState;
    this.writtenState = state;
    this.#reader.onHardState(state, before);
    this.#pend({ kind: "state", inode, state });
  }

  #snapshot(inode: number, bytes: Uint8Array, from: number, to: number): void {
    let index = 0;
    let term = 0;
    this.#at = from;
    while (this.#at < to) {
      const tag = this.#varint(bytes);
      const value = this.#varint(bytes);
      if (tag === 8) index = value;
      else if (tag === 16) term = value;
      else this.#at += value;
    }
    if (index === 0 || this.written.at(index) === term) return;
    this.written.startAt(index, term);
    this.#pend({ kind: "snapshot", inode, index, term });
  }

  #pend(record: PendingRecord): void {
    this.#pending.push(record);
    const counts = this.#counts.get(record.inode);
    if (counts === undefined) this.#counts.set(record.inode, { written: 1, durable: 0 });
    else counts.written += 1;
  }

  /** A sync of a file begins; the function returned is to be called when it is durable. */
  onSyncStart(inode: number): (() => void) | undefined {
    const counts = this.#counts.get(inode);
    if (counts === undefined || counts.written === counts.durable) return undefined;
    const { written } = counts;
    return () => {
      counts.durable = Math.max(counts.durable, written);
      this.advance();
    };
  }

  readonly #passed: Map<number, number> = new Map();

  /** Counts what is durable by now: records that were synced, in files whose names are. */
  advance(): void {
    let done = 0;
    for (const record of this.#pending) {
      if (!this.#named.has(record.inode)) {
        if (!this.#isNamed(record.inode)) break;
        this.#named.add(record.inode);
      }
      const passed = this.#passed.get(record.inode) ?? 0;
      if (passed >= (this.#counts.get(record.inode)?.durable ?? 0)) break;
      this.#passed.set(record.inode, passed + 1);
      done += 1;
      if (record.kind === "entry") this.#countEntry(record.index, record.term);
      else if (record.kind === "snapshot")
        this.#arriving = { index: record.index, term: record.term, last: record.index };
      else this.durableState = record.state;
      this.#countSnapshot();
    }
    if (done === 0) return;
    this.#pending = done === this.#pending.length ? [] : this.#pending.slice(done);
    this.#reader.onDurable();
  }

  /** The record of a snapshot counts when a commit index that reaches it is durable too: until then the log is the old one. */
  #countSnapshot(): void {
    const snapshot = this.#arriving;
    if (snapshot === undefined || this.durableState.commit < snapshot.index) return;
    this.#arriving = undefined;
    this.durable.startAt(snapshot.index, snapshot.term);
    this.durable.last = snapshot.last;
  }

  #countEntry(index: LogIndex, term: Term): void {
    this.durable.set(index, term);
    if (this.#arriving !== undefined) this.#arriving.last = index;
  }

  /**
   * A process found this log when it started.
   *
   * @param isDurable what it found would survive a power cut; else it has read what is only in the cache.
   */
  reopen(found: FoundLog, isDurable: boolean): void {
    const { written } = this;
    this.#isFound = true;
    written.last = found.snapshotIndex;
    written.startAt(found.snapshotIndex, found.snapshotTerm);
    for (const { index, term } of found.entries) written.set(index, term);
    this.writtenState = found.hardState;
    this.#forgetPending();
    if (!isDurable) return;
    this.durable.copyFrom(written);
    this.durableState = found.hardState;
  }

  /** The power was cut: at least what is durable will be found. */
  onPowerCut(): void {
    this.#isFound = false;
    this.written.copyFrom(this.durable);
    this.writtenState = this.durableState;
    this.#forgetPending();
  }

  /** Nothing waits for a sync any more. */
  #forgetPending(): void {
    this.#pending = [];
    this.#arriving = undefined;
    this.#counts.clear();
    this.#passed.clear();
    this.#named.clear();
  }
}
